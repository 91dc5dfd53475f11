// SPDX-License-Identifier: Apache-2.0
#include "sim/world/network_handles.h"

#include "sim/world/sim_world.h"

namespace geode::sim {
namespace {

Error closed_error() {
    return make_error(ErrorCode::closed, "connection is closed");
}

/// Parks the running fiber with its token in `slot`, where a waker finds it, until woken or
/// `deadline`. Leaves neither token nor timer behind, killed or not.
class Waiting {
public:
    Waiting(SimWorld& world, WakeToken& slot, MonoTime deadline)
        : world_(world), slot_(slot), token_(world.scheduler().park_token()) {
        GEODE_ASSERT_MSG(slot_ == WakeToken{}, "two fibers wait on one handle");
        slot_ = token_;
        timer_ = world_.clock().wake_at(deadline, token_);
    }
    ~Waiting() {
        world_.clock().cancel(timer_);
        if (slot_ == token_) slot_ = WakeToken{};
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    WakeReason park() { return world_.scheduler().park(); }

private:
    SimWorld& world_;
    WakeToken& slot_;
    WakeToken token_;
    TimerId timer_ = 0;
};

class LifeConnection final : public Connection {
public:
    LifeConnection(SimWorld& world, std::shared_ptr<SimStream> stream, int end)
        : world_(world), stream_(std::move(stream)), end_(end) {}
    ~LifeConnection() override { LifeConnection::close(); }

    Result<std::size_t> read_some(std::span<char> into, MonoTime deadline) override {
        GEODE_ASSERT(!into.empty());
        for (;;) {
            if (!usable()) return closed_error();
            if (const std::size_t count = stream_->read(end_, into); count > 0) return count;
            if (stream_->at_end(end_)) return std::size_t{0};
            if (world_.now() >= deadline) return make_error(ErrorCode::timed_out);
            Waiting(world_, stream_->at(end_).reader, deadline).park();
        }
    }

    Result<void> write_all(std::string_view bytes, MonoTime deadline) override {
        for (;;) {
            if (!usable()) return closed_error();
            bytes.remove_prefix(stream_->write(end_, bytes));
            if (bytes.empty()) return {};
            if (world_.now() >= deadline) return make_error(ErrorCode::timed_out);
            Waiting(world_, stream_->at(end_).writer, deadline).park();
        }
    }

    void close() override {
        if (world_.alive()) stream_->close(end_);
    }

    const Address& peer() const override { return stream_->at(1 - end_).address; }

private:
    bool usable() const { return world_.alive() && stream_->open(end_); }

    SimWorld& world_;
    std::shared_ptr<SimStream> stream_;
    int end_;
};

class LifeListener final : public Listener {
public:
    LifeListener(SimWorld& world, NetworkFabric& fabric, std::shared_ptr<SimListener> listener)
        : world_(world), fabric_(fabric), listener_(std::move(listener)) {}
    ~LifeListener() override { LifeListener::close(); }

    Result<std::unique_ptr<Connection>> accept() override {
        for (;;) {
            if (!world_.alive() || listener_->closed) return closed_error();
            if (!listener_->backlog.empty()) break;
            // `never`: a server has no reason to stop listening; close() and death end it.
            Waiting(world_, listener_->acceptor, never).park();
        }
        return std::unique_ptr<Connection>(
            std::make_unique<LifeConnection>(world_, listener_->backlog.pop(), 1));
    }

    const Address& local() const override { return listener_->address; }

    void close() override {
        if (world_.alive()) fabric_.close_listener(*listener_);
    }

private:
    SimWorld& world_;
    NetworkFabric& fabric_;
    std::shared_ptr<SimListener> listener_;
};

/// Ends the attempt on every way out of connect().
class AttemptGuard {
public:
    AttemptGuard(NetworkFabric& fabric, std::uint64_t number) : fabric_(fabric), number_(number) {}
    ~AttemptGuard() { fabric_.end_attempt(number_); }
    AttemptGuard(const AttemptGuard&) = delete;
    AttemptGuard& operator=(const AttemptGuard&) = delete;

private:
    NetworkFabric& fabric_;
    std::uint64_t number_;
};

}  // namespace

Result<std::unique_ptr<Connection>> LifeNetwork::connect(const Address& to, MonoTime deadline) {
    if (!world_.alive()) return closed_error();
    world_.assert_may_suspend();
    GEODE_TRY(const std::uint64_t number, fabric_.start_attempt(world_.node(), to, WakeToken{}));
    const AttemptGuard guard(fabric_, number);
    SimAttempt& attempt = fabric_.attempt(number);
    while (!attempt.done) {
        if (!world_.alive()) return closed_error();
        if (world_.now() >= deadline) {
            return make_error(ErrorCode::timed_out, "connecting to " + to.to_string());
        }
        Waiting(world_, attempt.waiter, deadline).park();
    }
    if (attempt.stream == nullptr) {
        return make_error(ErrorCode::refused, "nobody listens at " + to.to_string());
    }
    return std::unique_ptr<Connection>(
        std::make_unique<LifeConnection>(world_, std::move(attempt.stream), 0));
}

Result<std::unique_ptr<Listener>> LifeNetwork::listen(const Address& at) {
    if (!world_.alive()) return closed_error();
    GEODE_TRY(std::shared_ptr<SimListener> listener, fabric_.listen(world_.node(), at));
    return std::unique_ptr<Listener>(
        std::make_unique<LifeListener>(world_, fabric_, std::move(listener)));
}

}  // namespace geode::sim
