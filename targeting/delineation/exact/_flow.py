"""What a set can still be worth: a minimum cut with a price on people, kept as a flow.

Pushing worth along a link never changes the worth of any set by more than the link can carry, so
every flow between what must be in and what must be out gives a bound, and the best flow the best.
A price on the room a set takes (Lagrange) holds the bound to sets that fit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from targeting.compiled import njit_inner

OPEN, IN, OUT = 0, 1, 2
JOINED = 1
TINY = 1e-12
PRICE_STEPS = 12
LIFTS_PER_BLOCK = 64


class Net(NamedTuple):
    """What stays the same: links (`twin` is the link back), blocks, and bounds of every set."""

    starts: np.ndarray
    neighbor: np.ndarray
    twin: np.ndarray
    facing: np.ndarray
    population: np.ndarray
    area: np.ndarray
    outline: np.ndarray
    size: np.ndarray
    seed: np.ndarray
    leading: np.ndarray
    clique_starts: np.ndarray
    clique: np.ndarray
    # A number for every block; sets whose numbers sum to one of `shut` do not count.
    code: np.ndarray
    shut: np.ndarray
    # population min, max; area max; compactness min; blocks min, max; size min, max
    bounds: np.ndarray


class Prices(NamedTuple):
    """What a set is worth: of each block alone, saved by each link, less each clique touched."""

    lone: np.ndarray
    saved: np.ndarray
    charge: np.ndarray
    bonus: np.ndarray


class Desk(NamedTuple):
    """Work space: where every block stands, the flow, the stacks."""

    dead: np.ndarray
    status: np.ndarray
    excess: np.ndarray
    residual: np.ndarray
    price: np.ndarray
    touched: np.ndarray
    ball: np.ndarray
    queue: np.ndarray
    parent: np.ndarray
    stamp: np.ndarray
    sink: np.ndarray
    distance: np.ndarray
    trail: np.ndarray
    member: np.ndarray
    chosen: np.ndarray
    phase: np.ndarray
    mark: np.ndarray
    lifted: np.ndarray
    saved: np.ndarray
    lift_block: np.ndarray
    lift: np.ndarray


def desk(block_count: int, link_count: int, clique_count: int) -> Desk:
    """Return clean work space."""

    def whole(size: int) -> np.ndarray:
        return np.zeros(size, dtype=np.int64)

    return Desk(
        dead=np.zeros(block_count, dtype=np.bool_),
        status=whole(block_count),
        excess=np.zeros(block_count),
        residual=np.zeros(link_count),
        price=np.zeros(1),
        touched=whole(clique_count),
        ball=whole(block_count),
        queue=whole(block_count + 1),
        parent=whole(block_count),
        stamp=whole(block_count),
        sink=whole(block_count),
        distance=np.zeros(block_count),
        trail=whole(block_count + 1),
        member=whole(block_count + 1),
        chosen=whole(block_count + 1),
        phase=whole(block_count + 1),
        mark=whole(block_count + 1),
        lifted=whole(block_count + 1),
        saved=np.zeros((block_count + 1, 5)),
        lift_block=whole(LIFTS_PER_BLOCK * block_count),
        lift=np.zeros(LIFTS_PER_BLOCK * block_count),
    )


@njit_inner
def _bound(count: int, at: Desk) -> float:
    total = 0.0
    for place in range(count):
        block = at.ball[place]
        if at.status[block] == IN or (at.status[block] == OPEN and at.excess[block] > 0):
            total += at.excess[block]
    return total


@njit_inner
def _push(block: int, link: int, amount: float, net: Net, at: Desk) -> None:
    at.residual[link] -= amount
    at.residual[net.twin[link]] += amount
    at.excess[block] -= amount
    at.excess[net.neighbor[link]] += amount


@njit_inner
def _reach_sinks(count: int, net: Net, at: Desk) -> int:
    """From all that has worth to give, along links that can carry it: how many sinks are met."""
    head, tail, sinks = 0, 0, 0
    for place in range(count):
        block = at.ball[place]
        source = at.status[block] == OPEN and at.excess[block] > TINY
        at.stamp[block] = 1 if source else 0
        at.parent[block] = -1
        if source:
            at.queue[tail] = block
            tail += 1
    while head < tail:
        block = at.queue[head]
        head += 1
        for link in range(net.starts[block], net.starts[block + 1]):
            other = net.neighbor[link]
            if at.status[other] != OPEN or at.stamp[other] == 1 or at.residual[link] <= TINY:
                continue
            at.stamp[other] = 1
            at.parent[other] = link
            if at.excess[other] < -TINY:
                at.sink[sinks] = other
                sinks += 1
            else:
                at.queue[tail] = other
                tail += 1
    return sinks


@njit_inner
def augment(count: int, rounds: int, cutoff: float, net: Net, at: Desk) -> float:
    """Push worth from blocks that have it to blocks that lack it, until the bound is enough."""
    for place in range(count):
        block = at.ball[place]
        # What is decided gives and takes all that its links carry.
        if at.status[block] != OUT:
            for link in range(net.starts[block], net.starts[block + 1]):
                step = at.status[block] - at.status[net.neighbor[link]]
                decided = at.status[block] == IN or at.status[net.neighbor[link]] == OUT
                if decided and step != 0 and at.residual[link] > 0:
                    _push(block, link, at.residual[link], net, at)
    for _ in range(rounds):
        total = _bound(count, at)
        if total <= cutoff:
            return total
        sinks = _reach_sinks(count, net, at)
        if sinks == 0:
            return total
        for place in range(sinks):
            block = at.sink[place]
            room = -at.excess[block]
            while at.parent[block] >= 0:
                link = at.parent[block]
                room = min(room, at.residual[link])
                block = net.neighbor[net.twin[link]]
            room = min(room, at.excess[block])
            if room <= 0:
                continue
            block = at.sink[place]
            while at.parent[block] >= 0:
                link = at.parent[block]
                block = net.neighbor[net.twin[link]]
                _push(block, link, room, net, at)
    return _bound(count, at)


@njit_inner
def _lift(block: int, amount: float, lifts: int, at: Desk) -> int:
    at.excess[block] += amount
    at.lift_block[lifts] = block
    at.lift[lifts] = amount
    return lifts + 1


@njit_inner
def settle_up(lifts: int, kept: int, at: Desk) -> int:
    """Undo what was charged for bridges since `kept`."""
    while lifts > kept:
        lifts -= 1
        at.excess[at.lift_block[lifts]] -= at.lift[lifts]
    return kept


@njit_inner
def bridges(count: int, lifts: int, net: Net, at: Desk) -> int:
    """Charge blocks that lie apart for the blocks that must join them to the set.

    A block apart is in the set only if one of the blocks around its patch is: so worth may be
    moved from it to all of those at once, and where these lack worth the bound falls.
    """
    for place in range(count):
        at.stamp[at.ball[place]] = 0
    for start in range(count):
        root = at.ball[start]
        if at.status[root] != OPEN or at.stamp[root] == JOINED or at.excess[root] <= TINY:
            continue
        patch = start + JOINED + 1
        tail, head, rim = 1, 0, 0
        at.queue[0] = root
        at.stamp[root] = patch
        joined = False
        worth = 0.0
        while True:
            while head < tail and not joined:
                block = at.queue[head]
                head += 1
                worth += max(at.excess[block], 0.0)
                for link in range(net.starts[block], net.starts[block + 1]):
                    other = net.neighbor[link]
                    if at.status[other] == IN:
                        joined = True
                    elif at.status[other] == OPEN and at.stamp[other] == JOINED:
                        joined = True
                    elif at.status[other] == OPEN and at.stamp[other] != patch:
                        at.stamp[other] = patch
                        if at.excess[other] < -TINY:
                            at.sink[rim] = other
                            rim += 1
                        else:
                            at.queue[tail] = other
                            tail += 1
            full = lifts + tail + rim >= len(at.lift)
            if joined or worth <= TINY or rim == 0 or full:
                break
            amount = worth
            for place in range(rim):
                amount = min(amount, -at.excess[at.sink[place]])
            left = amount
            for place in range(tail):
                block = at.queue[place]
                part = min(left, max(at.excess[block], 0.0))
                if part > 0:
                    lifts = _lift(block, -part, lifts, at)
                    left -= part
            worth -= amount
            # What lies around and lacks nothing any more belongs to the patch.
            still = 0
            for place in range(rim):
                block = at.sink[place]
                lifts = _lift(block, amount, lifts, at)
                if at.excess[block] < -TINY:
                    at.sink[still] = block
                    still += 1
                else:
                    at.queue[tail] = block
                    tail += 1
            rim = still
        if joined:
            for place in range(tail):
                at.stamp[at.queue[place]] = JOINED
    return lifts


@njit_inner
def _reprice(price: float, net: Net, at: Desk) -> None:
    """Change the price of a unit of size."""
    change = price - at.price[0]
    if change != 0.0:
        for block in range(len(net.size)):
            at.excess[block] -= change * net.size[block]
        at.price[0] = price


@njit_inner
def room_worth(net: Net, at: Desk) -> float:
    """Worth of the size a set may have, at the price of a unit."""
    if at.price[0] > 0:
        return float(at.price[0] * net.bounds[7])
    return float(at.price[0] * net.bounds[6])


@njit_inner
def settle(count: int, steps: int, cutoff: float, net: Net, at: Desk) -> float:
    """Bound of a node: at the price that makes it lowest."""
    rounds = len(net.size)
    best = augment(count, rounds, cutoff - room_worth(net, at), net, at) + room_worth(net, at)
    kept = at.price[0]
    if best <= cutoff:
        return best
    low, high = -np.inf, np.inf
    dearest = 0.0
    for place in range(count):
        block = at.ball[place]
        worth = abs(at.excess[block] + at.price[0] * net.size[block])
        if net.size[block] > 0:
            dearest = max(dearest, worth / net.size[block])
    for _ in range(steps):
        _reach_sinks(count, net, at)
        total = 0.0
        for place in range(count):
            block = at.ball[place]
            if at.status[block] == IN or (at.status[block] == OPEN and at.stamp[block] == 1):
                total += net.size[at.ball[place]]
        now = at.price[0]
        if total > net.bounds[7]:
            low = now
        elif total < net.bounds[6]:
            high = now
        elif now > 0 and total < net.bounds[7]:
            high = now
        elif now < 0 and total > net.bounds[6]:
            low = now
        else:
            break
        # The best price lies between: where the slope of the bound turns.
        if high <= 0:
            price = (max(low, -dearest) + high) / 2
        elif low >= 0:
            price = (low + min(high, dearest)) / 2
        else:
            price = 0.0
        if abs(price - now) <= 1e-9 * dearest:
            break
        _reprice(price, net, at)
        found = augment(count, rounds, -np.inf, net, at) + room_worth(net, at)
        if found < best:
            best, kept = found, at.price[0]
        if best <= cutoff:
            return best
    _reprice(kept, net, at)
    return augment(count, rounds, -np.inf, net, at) + room_worth(net, at)
