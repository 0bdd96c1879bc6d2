"""The loop of the exact solver: every connected set worth more than a line, each once.

A set is grown from its root by taking a block beside it in or leaving it out for good. What a set
can still be worth is bounded by a minimum cut between what must be in and what must be out, with
a price on people (Lagrange), kept as a flow: pushing worth along a link never changes the worth of
any set by more than the link can carry, so every flow gives a bound, and the best flow the best.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from targeting.compiled import njit, njit_inner

OPEN, IN, OUT = 0, 1, 2
JOINED = 1
CIRCLE = 4 * np.pi
SLACK = 1e-9
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
def _augment(count: int, rounds: int, cutoff: float, net: Net, at: Desk) -> float:
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
def _settle_up(lifts: int, kept: int, at: Desk) -> int:
    """Undo what was charged for bridges since `kept`."""
    while lifts > kept:
        lifts -= 1
        at.excess[at.lift_block[lifts]] -= at.lift[lifts]
    return kept


@njit_inner
def _bridges(count: int, lifts: int, net: Net, at: Desk) -> int:
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
def _room_worth(net: Net, at: Desk) -> float:
    """Worth of the size a set may have, at the price of a unit."""
    if at.price[0] > 0:
        return float(at.price[0] * net.bounds[7])
    return float(at.price[0] * net.bounds[6])


@njit_inner
def _settle(count: int, steps: int, cutoff: float, net: Net, at: Desk) -> float:
    """Bound of a node: at the price that makes it lowest."""
    rounds = len(net.size)
    best = _augment(count, rounds, cutoff - _room_worth(net, at), net, at) + _room_worth(net, at)
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
        found = _augment(count, rounds, -np.inf, net, at) + _room_worth(net, at)
        if found < best:
            best, kept = found, at.price[0]
        if best <= cutoff:
            return best
    _reprice(kept, net, at)
    return _augment(count, rounds, -np.inf, net, at) + _room_worth(net, at)


@njit_inner
def _within_reach(
    size: int, total: float, count: int, trail: int, net: Net, at: Desk
) -> tuple[int, float, int]:
    """Leave out what no path short enough joins to the set; people and seeds left to reach."""
    room = net.bounds[7] - total
    for place in range(count):
        at.distance[at.ball[place]] = np.inf
        at.stamp[at.ball[place]] = 0
    length = len(at.queue)
    head, tail = 0, 0
    for place in range(size):
        at.distance[at.member[place]] = 0.0
        at.queue[tail] = at.member[place]
        tail += 1
    while head != tail:
        block = at.queue[head]
        head = (head + 1) % length
        at.stamp[block] = 0
        for link in range(net.starts[block], net.starts[block + 1]):
            other = net.neighbor[link]
            if at.status[other] != OPEN:
                continue
            far = at.distance[block] + net.size[other]
            if far < at.distance[other] and far <= room:
                at.distance[other] = far
                if at.stamp[other] == 0:
                    at.stamp[other] = 1
                    at.queue[tail] = other
                    tail = (tail + 1) % length
    people, seeds = 0.0, 0
    for place in range(count):
        block = at.ball[place]
        if at.status[block] == OPEN:
            if at.distance[block] == np.inf:
                at.status[block] = OUT
                at.trail[trail] = block
                trail += 1
            else:
                people += net.population[block]
                seeds += net.seed[block]
    return trail, people, seeds


@njit_inner
def _ball(root: int, net: Net, at: Desk) -> int:
    """All blocks that may be in a set with the root; all others are out."""
    at.status[:] = OUT
    count = 1
    at.ball[0] = root
    at.status[root] = IN
    place = 0
    while place < count:
        block = at.ball[place]
        place += 1
        for link in range(net.starts[block], net.starts[block + 1]):
            other = net.neighbor[link]
            if at.status[other] == OUT and not at.dead[other]:
                at.status[other] = OPEN
                at.ball[count] = other
                count += 1
    return count


@njit_inner
def _keeps(size: int, held: np.ndarray, seeds: int, net: Net) -> bool:
    """Whether a set keeps every bound; `held` is its worth, people, area, perimeter and size."""
    bounds = net.bounds
    if held[1] < bounds[0] or size < bounds[4] or seeds == 0:
        return False
    return bool(CIRCLE * held[2] >= bounds[3] * held[3] * held[3] * (1 - SLACK))


@njit_inner
def _shut(size: int, net: Net, at: Desk) -> bool:
    total = 0
    for place in range(size):
        total += net.code[at.member[place]]
    for other in net.shut:
        if other == total:
            return True
    return False


@njit_inner
def _led(size: int, net: Net, at: Desk) -> int:
    best, leads = -np.inf, 0
    for dimension in range(net.leading.shape[0]):
        total = 0.0
        for place in range(size):
            total += net.leading[dimension, at.member[place]]
        if total > best:
            best, leads = total, dimension
    return leads


@njit
def search_tree(
    root: int,
    asked: np.ndarray,
    net: Net,
    prices: Prices,
    at: Desk,
    out_member: np.ndarray,
    out_end: np.ndarray,
    out_worth: np.ndarray,
    told: np.ndarray,
) -> None:
    """Find the sets with this root that keep every bound and are worth more than a line.

    Parameters
    ----------
    root : int
        Block every set holds; blocks of `at.dead` are in none.
    asked : ndarray
        The line; 1 to raise the line to every set found, 0 to find all; nodes at most; the
        largest bonus.
    net, prices, at : Net, Prices, Desk
        City, prices and work space.
    out_member, out_end, out_worth : ndarray
        Filled with the blocks of the sets one after the other, where each ends, and its worth.
    told : ndarray
        Filled: nodes, sets, blocks written, 1 if all was searched, a bound on every set's worth.
    """
    cutoff = asked[0]
    rising = asked[1] > 0.5
    sets, written, nodes = 0, 0, 0
    told[:] = 0.0
    told[3] = 1.0
    told[4] = -np.inf
    bounds, held = net.bounds, at.saved[0].copy()
    count = _ball(root, net, at)
    depth, trail, size, seeds, lifts = 0, 0, 0, 0, 0
    held[:] = 0.0
    taking = root
    first = True
    pruned = False
    while True:
        if taking >= 0:
            # Take a block in.
            gain = prices.lone[taking]
            longer = net.outline[taking]
            for link in range(net.starts[taking], net.starts[taking + 1]):
                if at.status[net.neighbor[link]] == IN and net.neighbor[link] != taking:
                    gain += prices.saved[link]
                    longer -= 2 * net.facing[link]
            for place in range(net.clique_starts[taking], net.clique_starts[taking + 1]):
                clique = net.clique[place]
                if at.touched[clique] == 0:
                    gain -= prices.charge[clique]
                at.touched[clique] += 1
            at.status[taking] = IN
            at.member[size] = taking
            size += 1
            seeds += net.seed[taking]
            held[0] += gain
            held[1] += net.population[taking]
            held[2] += net.area[taking]
            held[3] += longer
            held[4] += net.size[taking]
            taking = -1
            pruned = held[1] > bounds[1] or held[2] > bounds[2] or size > bounds[5]
            if not pruned and _keeps(size, held, seeds, net):
                worth = held[0]
                if len(prices.bonus) > 1:
                    worth += prices.bonus[_led(size, net, at)]
                if worth > cutoff and not (len(net.shut) and _shut(size, net, at)):
                    if sets == len(out_end) or written + size > len(out_member):
                        told[3] = 0.0
                        break
                    out_member[written : written + size] = at.member[:size]
                    written += size
                    out_end[sets] = written
                    out_worth[sets] = worth
                    sets += 1
                    if rising:
                        cutoff = worth
        if not pruned:
            nodes += 1
            trail, people, more = _within_reach(size, held[4], count, trail, net, at)
            pruned = held[1] + people < bounds[0] or seeds + more == 0
        if not pruned:
            line = cutoff - asked[3]
            if first:
                bound = _settle(count, PRICE_STEPS, line, net, at)
            else:
                room = _room_worth(net, at)
                bound = _augment(count, 3, line - room, net, at) + room
            if bound > line:
                room = _room_worth(net, at)
                lifts = _bridges(count, lifts, net, at)
                bound = _augment(count, 3, line - room, net, at) + room
            if first:
                told[4] = bound + asked[3]
            pruned = bound <= line
            first = False
        if not pruned and nodes > asked[2]:
            told[3] = 0.0
            break
        chosen = -1
        if not pruned:
            # Leave out what would cost too much; then choose the block beside that gives most.
            most = -np.inf
            for place in range(count):
                block = at.ball[place]
                if at.status[block] == OPEN and bound + at.excess[block] <= line:
                    at.status[block] = OUT
                    at.trail[trail] = block
                    trail += 1
            for place in range(count):
                block = at.ball[place]
                if at.status[block] != OPEN:
                    continue
                beside = False
                for link in range(net.starts[block], net.starts[block + 1]):
                    if at.status[net.neighbor[link]] == IN:
                        beside = True
                        break
                if beside and at.excess[block] > most:
                    most, chosen = at.excess[block], block
        if chosen >= 0:
            at.chosen[depth] = chosen
            at.phase[depth] = 0
            at.mark[depth] = trail
            at.lifted[depth] = lifts
            at.saved[depth] = held
            depth += 1
            taking = chosen
            continue
        # Back to the last block that was taken in and may still be left out.
        while depth > 0:
            depth -= 1
            block = at.chosen[depth]
            while trail > at.mark[depth]:
                trail -= 1
                at.status[at.trail[trail]] = OPEN
            lifts = _settle_up(lifts, at.lifted[depth], at)
            if at.phase[depth] == 0:
                size -= 1
                seeds -= net.seed[block]
                for place in range(net.clique_starts[block], net.clique_starts[block + 1]):
                    at.touched[net.clique[place]] -= 1
                held[:] = at.saved[depth]
                at.status[block] = OUT
                at.phase[depth] = 1
                at.mark[depth] = trail
                depth += 1
                pruned = False
                break
            at.status[block] = OPEN
        if depth == 0:
            break
    _settle_up(lifts, 0, at)
    for place in range(size):
        block = at.member[place]
        for spot in range(net.clique_starts[block], net.clique_starts[block + 1]):
            at.touched[net.clique[spot]] -= 1
    told[0] = nodes
    told[1] = sets
    told[2] = written
