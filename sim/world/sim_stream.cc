// SPDX-License-Identifier: Apache-2.0
#include "sim/world/sim_stream.h"

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "sim/world/network_fabric.h"

namespace geode::sim {

SimStream::SimStream(NetworkFabric& fabric, std::uint64_t number, std::array<End, 2> ends)
    : fabric_(fabric), engine_(fabric.engine()), number_(number), ends_(std::move(ends)) {}

EventId SimStream::schedule(int from, EventKind kind, SimTime when) {
    const std::uint64_t payload = kind == EventKind::delivery ? pipe(from).checksum : 0;
    return engine_.schedule(
        when, *this,
        Event{kind, at(1 - from).node, number_ * 2 + static_cast<std::uint64_t>(from), payload});
}

void SimStream::on_event(const Event& event) {
    const int from = static_cast<int>(event.a % 2);
    Pipe& out = pipe(from);
    switch (event.kind) {
        case EventKind::delivery: out.delivery = 0; return deliver(from);
        case EventKind::reset: out.reset = 0; return reset_arrives(from);
        case EventKind::window: out.window = 0; return window_arrives(from);
        case EventKind::give_up:
            out.give_up = 0;
            engine_.faults().observed(FaultFamily::reset);
            break_end(from);
            return send_reset(from);
        default: GEODE_UNREACHABLE("not an event of a stream");
    }
}

// ---- sending ----

std::size_t SimStream::write(int end, std::string_view bytes) {
    GEODE_ASSERT(open(end));
    Pipe& out = pipe(end);
    GEODE_ASSERT(!out.finished);
    const std::size_t unread = out.buffer.size() - out.head;
    GEODE_ASSERT(unread <= window_bytes);
    const std::size_t taken = std::min(bytes.size(), window_bytes - unread);
    if (taken == 0) return 0;
    const std::string_view part = bytes.substr(0, taken);
    out.checksum = crc32c(part, out.checksum);
    engine_.note(EventKind::send, at(end).node, "", number_ * 2 + static_cast<std::uint64_t>(end),
                 (std::uint64_t{taken} << 32) ^ out.checksum);
    out.buffer.append(part);
    fabric_.maybe_flip(at(end).host, at(1 - end).host, std::span<char>(out.buffer).last(taken));
    send_segments(end, taken);
    return taken;
}

// Under short I/O one write may travel as up to four pieces, each with a latency of its own.
void SimStream::send_segments(int from, std::size_t bytes) {
    if (fabric_.short_io(at(from).host) && bytes > 1) {
        for (int cut = 0; cut < 3 && bytes > 1; ++cut) {
            const std::size_t piece = 1 + fabric_.random().below(bytes - 1);
            send_segment(from, piece);
            bytes -= piece;
            engine_.faults().observed(FaultFamily::short_io);
        }
    }
    send_segment(from, bytes);
}

void SimStream::send_segment(int from, std::size_t bytes) {
    Pipe& out = pipe(from);
    SimTime arrival = fabric_.arrival(at(from).host, at(1 - from).host, bytes);
    if (!out.segments.empty()) {
        Segment& last = out.segments.back();
        // The end (0 bytes) stays a segment of its own.
        if (arrival <= last.at && bytes > 0 && last.bytes > 0) {
            last.bytes += bytes;
            return;
        }
        arrival = std::max(arrival, last.at);
    }
    out.segments.push(Segment{arrival, bytes});
    arm_delivery(from);
}

void SimStream::arm_delivery(int from) {
    Pipe& out = pipe(from);
    if (out.delivery != 0 || out.held || out.segments.empty()) return;
    out.delivery = schedule(from, EventKind::delivery, out.segments.front().at);
}

void SimStream::send_reset(int from) {
    Pipe& out = pipe(from);
    if (out.reset_sent) return;
    out.reset_sent = true;
    out.reset =
        schedule(from, EventKind::reset, fabric_.arrival(at(from).host, at(1 - from).host, 0));
}

// ---- arriving ----

void SimStream::hold(int from, FaultFamily family) {
    Pipe& out = pipe(from);
    engine_.faults().observed(family);
    out.held = true;
    if (out.give_up != 0 || !open(from)) return;
    if (family != FaultFamily::partition && family != FaultFamily::one_way_partition) return;
    const std::optional<Duration> patience = fabric_.draw_patience();
    if (!patience) return;
    out.give_up = engine_.schedule_in(*patience, *this,
                                      Event{EventKind::give_up, at(from).node,
                                            number_ * 2 + static_cast<std::uint64_t>(from), 0});
}

void SimStream::deliver(int from) {
    Pipe& out = pipe(from);
    if (const auto family = fabric_.blocked_by(at(from).host, at(1 - from).host)) {
        return hold(from, *family);
    }
    while (!out.segments.empty() && out.segments.front().at <= engine_.now()) {
        const Segment segment = out.segments.pop();
        if (segment.bytes == 0) {
            out.ended = true;
            wake_reader(1 - from);
        } else {
            deliver_bytes(from, segment.bytes);
        }
    }
    arm_delivery(from);
}

void SimStream::deliver_bytes(int from, std::size_t bytes) {
    Pipe& out = pipe(from);
    out.available += bytes;
    GEODE_ASSERT(out.available <= out.buffer.size());
    if (!at(1 - from).closed) return wake_reader(1 - from);
    // Nobody will read them: the receiving system answers with a reset.
    consume(from, out.available - out.head);
    send_reset(1 - from);
}

void SimStream::reset_arrives(int from) {
    Pipe& out = pipe(from);
    if (const auto family = fabric_.blocked_by(at(from).host, at(1 - from).host)) {
        engine_.faults().observed(*family);
        out.reset_held = true;
        return;
    }
    break_end(1 - from);
}

// Travels against the pipe: from its reader to its writer.
void SimStream::window_arrives(int from) {
    if (const auto family = fabric_.blocked_by(at(1 - from).host, at(from).host)) {
        engine_.faults().observed(*family);
        pipe(from).window_held = true;
        return;
    }
    wake_writer(from);
}

void SimStream::break_end(int end) {
    End& here = at(end);
    if (here.closed || here.broken) return;
    here.broken = true;
    if (std::exchange(reset_by_fault_, false)) engine_.faults().observed(FaultFamily::reset);
    wake_reader(end);
    wake_writer(end);
}

void SimStream::unblocked(std::uint32_t from_host, std::uint32_t to_host) {
    for (int from = 0; from < 2; ++from) {
        if (at(from).host != from_host || at(1 - from).host != to_host) continue;
        Pipe& out = pipe(from);
        engine_.cancel(std::exchange(out.give_up, 0));
        if (std::exchange(out.held, false)) {
            GEODE_ASSERT(out.delivery == 0);
            out.delivery =
                schedule(from, EventKind::delivery, fabric_.retransmission(from_host, to_host));
        }
        if (std::exchange(out.reset_held, false)) {
            out.reset =
                schedule(from, EventKind::reset, fabric_.retransmission(from_host, to_host));
        }
        Pipe& in = pipe(1 - from);
        if (std::exchange(in.window_held, false)) {
            in.window =
                schedule(1 - from, EventKind::window, fabric_.retransmission(from_host, to_host));
        }
    }
}

// ---- reading ----

bool SimStream::at_end(int end) const {
    return pipe(1 - end).ended && !readable(end);
}

std::size_t SimStream::read(int end, std::span<char> into) {
    Pipe& in = pipe(1 - end);
    std::size_t count = std::min(into.size(), in.available - in.head);
    if (count > 1 && fabric_.short_io(at(end).host)) {
        count = 1 + fabric_.random().below(count);
        engine_.faults().observed(FaultFamily::short_io);
    }
    if (count == 0) return 0;
    std::memcpy(into.data(), in.buffer.data() + in.head, count);
    consume(1 - end, count);
    return count;
}

void SimStream::consume(int from, std::size_t bytes) {
    Pipe& out = pipe(from);
    out.head += bytes;
    GEODE_ASSERT(out.head <= out.available);
    if (out.head == out.buffer.size()) {
        out.buffer.clear();
        out.head = out.available = 0;
    } else if (out.head >= (64 << 10) && out.head * 2 >= out.buffer.size()) {
        out.buffer.erase(0, out.head);
        out.available -= out.head;
        out.head = 0;
    }
    // Rule 5: a waiting writer hears of the room one latency later.
    if (at(from).writer == WakeToken{} || out.window != 0 || out.window_held) return;
    out.window =
        schedule(from, EventKind::window, fabric_.arrival(at(1 - from).host, at(from).host, 0));
}

void SimStream::wake_reader(int end) {
    engine_.wake(at(end).node, std::exchange(at(end).reader, WakeToken{}));
}

void SimStream::wake_writer(int end) {
    engine_.wake(at(end).node, std::exchange(at(end).writer, WakeToken{}));
}

// ---- ending ----

void SimStream::close(int end) {
    End& here = at(end);
    if (here.closed) return;
    here.closed = true;
    wake_reader(end);
    wake_writer(end);
    Pipe& out = pipe(end);
    if (!here.broken && !out.finished) {
        out.finished = true;
        send_segment(end, 0);
    }
    retire_if_done();
}

void SimStream::abort(int end) {
    End& here = at(end);
    if (here.closed) return;
    here.closed = true;
    wake_reader(end);
    wake_writer(end);
    if (!here.broken) send_reset(end);
    retire_if_done();
}

void SimStream::reset() {
    reset_by_fault_ = true;
    send_reset(0);
    send_reset(1);
}

void SimStream::retire_if_done() {
    if (!ends_[0].closed || !ends_[1].closed) return;
    for (const Pipe& out : pipes_) {
        for (const EventId id : {out.delivery, out.reset, out.window, out.give_up}) {
            engine_.cancel(id);
        }
    }
    fabric_.forget(number_);
}

}  // namespace geode::sim
