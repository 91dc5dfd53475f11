// SPDX-License-Identifier: Apache-2.0
#include "sim/world/network_fabric.h"

#include <algorithm>

namespace geode::sim {

namespace {
constexpr Duration first_retry = milliseconds(200);
constexpr std::uint32_t retry_doublings_max = 4;
constexpr std::uint16_t ephemeral_first = 49'152;
}  // namespace

NetworkFabric::NetworkFabric(Engine& engine, Options options)
    : engine_(engine), options_(options), random_(engine.stream("network")) {}

// ---- topology ----

void NetworkFabric::add_host(NodeId node, std::string name) {
    GEODE_ASSERT(!node.is_none());
    GEODE_ASSERT(!find_host(name));
    const auto number = static_cast<std::uint32_t>(hosts_.size());
    GEODE_ASSERT(host_by_node_.emplace(node, number).second);
    hosts_.emplace_back();
    hosts_.back().node = node;
    hosts_.back().name = std::move(name);
    NetworkLink fresh;
    fresh.profile = options_.profile;
    for (auto& row : links_) row.push_back(fresh);
    links_.emplace_back(hosts_.size(), fresh);
    link(number, number).profile = LatencyProfile::loopback();
}

std::uint32_t NetworkFabric::host_of(NodeId node) const {
    const auto found = host_by_node_.find(node);
    GEODE_ASSERT_MSG(found != host_by_node_.end(), "no such node in the network");
    return found->second;
}

std::optional<std::uint32_t> NetworkFabric::find_host(const std::string& name) const {
    for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
        if (hosts_[i].name == name) return i;
    }
    return std::nullopt;
}

void NetworkFabric::set_profile(NodeId from, NodeId to, LatencyProfile profile) {
    link_between(from, to).profile = profile;
}

// ---- travelling ----

SimTime NetworkFabric::arrival(std::uint32_t from, std::uint32_t to, std::size_t bytes) {
    NetworkLink& path = link(from, to);
    SimTime leaves = engine_.now();
    if (path.bytes_per_second > 0 && bytes > 0) {
        const SimTime start = std::max(path.busy_until, leaves);
        const auto nanos = static_cast<std::int64_t>(bytes) * 1'000'000'000 / path.bytes_per_second;
        leaves = path.busy_until = after(start, Duration(nanos));
        engine_.faults().observed(FaultFamily::slow_link);
    }
    if (path.extra_delay.count() > 0) engine_.faults().observed(FaultFamily::delay);
    Duration travel =
        path.profile.base + random_.exponential(path.profile.jitter) + path.extra_delay;
    if (path.loss_percent > 0 && random_.chance(path.loss_percent, 100)) {
        engine_.faults().observed(FaultFamily::packet_loss);
        travel += first_retry;
    }
    return after(leaves, travel);
}

SimTime NetworkFabric::retransmission(std::uint32_t from, std::uint32_t to) {
    // Drawn before arrival() draws: the order of a call's operands is the compiler's.
    const Duration notice = random_.exponential(milliseconds(50));
    return after(arrival(from, to, 0), notice);
}

std::optional<Duration> NetworkFabric::draw_patience() {
    if (!random_.chance(1, 2)) return std::nullopt;
    return random_.between(options_.give_up_min, options_.give_up_max);
}

void NetworkFabric::maybe_flip(std::uint32_t from, std::uint32_t to, std::span<char> bytes) {
    const std::uint32_t one_in = link(from, to).flip_one_in;
    if (one_in == 0 || bytes.empty() || !random_.chance(1, one_in)) return;
    const std::uint64_t bit = random_.below(bytes.size() * 8);
    char& byte = bytes[bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
    engine_.faults().observed(FaultFamily::bit_flip);
    note(hosts_[from].node, "bit_flip_done", bit);
}

// ---- hosts and listeners ----

void NetworkFabric::host_up(NodeId node) {
    Host& host = hosts_[host_of(node)];
    GEODE_ASSERT(!host.up);
    GEODE_ASSERT(host.listeners.empty());
    host.up = true;
    host.powered = true;
}

void NetworkFabric::host_down(NodeId node, CrashKind kind) {
    const std::uint32_t number = host_of(node);
    Host& host = hosts_[number];
    GEODE_ASSERT(host.up);
    host.up = false;
    host.powered = kind == CrashKind::process;
    for (auto& [port, listener] : host.listeners) listener->closed = true;
    host.listeners.clear();
    std::vector<std::shared_ptr<SimStream>> touched;
    for (const auto& [id, stream] : streams_) {
        if (stream->at(0).host == number || stream->at(1).host == number) touched.push_back(stream);
    }
    for (const auto& stream : touched) {
        for (int end = 0; end < 2; ++end) {
            if (stream->at(end).host == number) stream->abort(end);
        }
    }
}

Result<std::shared_ptr<SimListener>> NetworkFabric::listen(NodeId node, const Address& at) {
    const std::uint32_t number = host_of(node);
    Host& host = hosts_[number];
    GEODE_ASSERT(host.up);
    if (at.host != host.name && at.host != "0.0.0.0") {
        return make_error(ErrorCode::invalid_argument,
                          "cannot listen on " + at.to_string() + ": this is host " + host.name);
    }
    const std::uint16_t port = at.port != 0 ? at.port : ephemeral_port(host);
    if (host.listeners.contains(port)) {
        return make_error(ErrorCode::address_in_use, "port " + std::to_string(port) + " is taken");
    }
    auto listener = std::make_shared<SimListener>();
    listener->host = number;
    listener->address = Address{host.name, port};
    host.listeners.emplace(port, listener);
    return listener;
}

void NetworkFabric::close_listener(SimListener& listener) {
    if (listener.closed) return;
    listener.closed = true;
    Host& host = hosts_[listener.host];
    engine_.wake(host.node, std::exchange(listener.acceptor, WakeToken{}));
    while (!listener.backlog.empty()) listener.backlog.pop()->abort(1);
    host.listeners.erase(listener.address.port);
}

std::uint16_t NetworkFabric::ephemeral_port(Host& host) {
    std::uint16_t port = 0;
    do {
        port = host.next_port;
        host.next_port =
            port == UINT16_MAX ? ephemeral_first : static_cast<std::uint16_t>(port + 1);
    } while (host.listeners.contains(port));
    return port;
}

// ---- connecting ----

Result<std::uint64_t> NetworkFabric::start_attempt(NodeId node, const Address& to,
                                                   WakeToken waiter) {
    const std::optional<std::uint32_t> target = find_host(to.host);
    if (!target) {
        return make_error(ErrorCode::invalid_argument, "no host is named \"" + to.host + "\"");
    }
    const std::uint64_t number = next_attempt_++;
    SimAttempt& attempt = attempts_[number];
    attempt.from = host_of(node);
    attempt.to = *target;
    attempt.port = to.port;
    attempt.waiter = waiter;
    attempt.event = engine_.schedule(arrival(attempt.from, attempt.to, 0), *this,
                                     Event{EventKind::connecting, node, number, to.port});
    return number;
}

SimAttempt& NetworkFabric::attempt(std::uint64_t number) {
    const auto found = attempts_.find(number);
    GEODE_ASSERT(found != attempts_.end());
    return found->second;
}

void NetworkFabric::end_attempt(std::uint64_t number) {
    auto found = attempts_.extract(number);
    GEODE_ASSERT(!found.empty());
    engine_.cancel(found.mapped().event);
    if (found.mapped().stream != nullptr) found.mapped().stream->abort(0);
}

void NetworkFabric::on_event(const Event& event) {
    if (event.kind == EventKind::flapping) {
        const LinkKey key{static_cast<std::uint32_t>(event.a), static_cast<std::uint32_t>(event.b)};
        return toggle(key, flaps_.at(key));
    }
    GEODE_ASSERT(event.kind == EventKind::connecting);
    SimAttempt& pending = attempt(event.a);
    pending.event = 0;
    if (pending.answered) {
        answer_arrives(event.a, pending);
    } else {
        syn_arrives(event.a, pending);
    }
}

std::optional<FaultFamily> NetworkFabric::attempt_blocked(const SimAttempt& attempt) const {
    const auto there = blocked_by(attempt.from, attempt.to);
    return there ? there : blocked_by(attempt.to, attempt.from);
}

// Asking again after 0.2, 0.4, … 3.2 s, until the fiber gives up.
void NetworkFabric::retry(std::uint64_t number, SimAttempt& attempt) {
    const std::uint32_t doublings = std::min(attempt.tries++, retry_doublings_max);
    attempt.event = engine_.schedule_in(
        first_retry * (std::int64_t{1} << doublings), *this,
        Event{EventKind::connecting, hosts_[attempt.from].node, number, attempt.port});
}

void NetworkFabric::answer(std::uint64_t number, SimAttempt& attempt) {
    attempt.answered = true;
    attempt.event = engine_.schedule(
        arrival(attempt.to, attempt.from, 0), *this,
        Event{EventKind::connecting, hosts_[attempt.from].node, number, attempt.port});
}

SimListener* NetworkFabric::reachable_listener(const SimAttempt& attempt) {
    Host& host = hosts_[attempt.to];
    if (!host.up) return nullptr;
    const auto found = host.listeners.find(attempt.port);
    return found == host.listeners.end() ? nullptr : found->second.get();
}

void NetworkFabric::syn_arrives(std::uint64_t number, SimAttempt& attempt) {
    if (const auto family = attempt_blocked(attempt)) {
        engine_.faults().observed(*family);
        return retry(number, attempt);
    }
    Host& host = hosts_[attempt.to];
    if (host.hang) engine_.faults().observed(FaultFamily::hang);
    if (host.hang || !host.powered) return retry(number, attempt);
    if (host.refuse) engine_.faults().observed(FaultFamily::refuse);
    SimListener* listener = host.refuse ? nullptr : reachable_listener(attempt);
    if (listener == nullptr) return answer(number, attempt);
    if (listener->backlog.size() >= SimListener::backlog_max) return retry(number, attempt);
    Host& client = hosts_[attempt.from];
    std::array<SimStream::End, 2> ends;
    ends[0].host = attempt.from;
    ends[0].node = client.node;
    ends[0].address = Address{client.name, ephemeral_port(client)};
    ends[1].host = attempt.to;
    ends[1].node = host.node;
    ends[1].address = listener->address;
    const std::uint64_t id = next_stream_++;
    attempt.stream = std::make_shared<SimStream>(*this, id, std::move(ends));
    streams_.emplace(id, attempt.stream);
    listener->backlog.push(attempt.stream);
    engine_.wake(host.node, std::exchange(listener->acceptor, WakeToken{}));
    answer(number, attempt);
}

void NetworkFabric::answer_arrives(std::uint64_t number, SimAttempt& attempt) {
    if (const auto family = blocked_by(attempt.to, attempt.from)) {
        engine_.faults().observed(*family);
        return retry(number, attempt);
    }
    attempt.done = true;
    engine_.wake(hosts_[attempt.from].node, attempt.waiter);
}

}  // namespace geode::sim
