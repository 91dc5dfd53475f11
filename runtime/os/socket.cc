// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/socket.h"

#include <boost/asio/posix/descriptor_base.hpp>

#include "base/assert.h"

namespace geode::os {
namespace {

using Descriptor = boost::asio::posix::descriptor_base;

std::size_t index_of(Readiness what) {
    GEODE_ASSERT(what != Readiness::none);
    return what == Readiness::readable ? 0 : 1;
}

}  // namespace

Socket::Socket(EventLoop& loop, OsClock& clock)
    : loop_(loop), clock_(clock), descriptor_(loop.io()) {}

Result<std::shared_ptr<Socket>> Socket::adopt(EventLoop& loop, OsClock& clock, UniqueFd fd) {
    GEODE_ASSERT(static_cast<bool>(fd));
    auto socket = std::make_shared<Socket>(loop, clock);
    boost::system::error_code error;
    socket->descriptor_.assign(fd.get(), error);
    if (error) return make_error(ErrorCode::unavailable, "epoll: " + error.message());
    fd.release();
    return socket;
}

Socket::WaitEnd Socket::wait(Role who, Readiness what, MonoTime deadline) {
    GEODE_ASSERT(what != Readiness::none);
    return park(waiters_[static_cast<std::size_t>(who)], what, deadline);
}

Socket::WaitEnd Socket::pause(Role who, Duration delay) {
    const MonoTime until = saturating_add(clock_.now(), delay);
    const WaitEnd end = park(waiters_[static_cast<std::size_t>(who)], Readiness::none, until);
    return end == WaitEnd::closed ? end : WaitEnd::ready;
}

Socket::WaitEnd Socket::take_turn(Role who) {
    Waiter& waiter = waiters_[static_cast<std::size_t>(who)];
    if (++waiter.eager_calls < eager_calls_max) return WaitEnd::ready;
    waiter.eager_calls = 0;
    const std::shared_ptr<Socket> self = shared_from_this();
    loop_.scheduler().yield();
    return closed_ ? WaitEnd::closed : WaitEnd::ready;
}

Socket::WaitEnd Socket::park(Waiter& waiter, Readiness what, MonoTime deadline) {
    Scheduler& scheduler = loop_.scheduler();
    if (closed_) return WaitEnd::closed;
    GEODE_ASSERT_MSG(!waiter.waits, "two fibers in one role on a connection");
    waiter = Waiter{scheduler.park_token(), what, true, 0};
    const std::shared_ptr<Socket> self = shared_from_this();
    struct Leave {
        Waiter& left;
        ~Leave() { left = Waiter{}; }
    } leave{waiter};
    if (what != Readiness::none) arm(what);
    const DeadlineTimer timer(clock_, deadline, waiter.token);
    const WakeReason reason = scheduler.park();
    // park() does not wait in a killed fiber that unwinds: a caller's retry loop would spin.
    if (closed_ || scheduler.current_killed()) return WaitEnd::closed;
    return reason == WakeReason::timed_out ? WaitEnd::timed_out : WaitEnd::ready;
}

void Socket::arm(Readiness what) {
    bool& armed = armed_[index_of(what)];
    if (armed) return;
    armed = true;
    const auto type = what == Readiness::readable ? Descriptor::wait_read : Descriptor::wait_write;
    descriptor_.async_wait(
        type, [self = shared_from_this(), what](const boost::system::error_code& error) {
            self->on_ready(what, static_cast<bool>(error));
        });
}

void Socket::on_ready(Readiness what, bool failed) {
    armed_[index_of(what)] = false;
    if (closed_) return;
    // Without epoll no readiness would ever be reported again: end it rather than hang.
    if (failed) close();
    for (const Waiter& waiter : waiters_) {
        if (waiter.waits && waiter.what == what) loop_.scheduler().wake(waiter.token);
    }
    loop_.run_ready_fibers();
}

void Socket::close() {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    for (const Waiter& waiter : waiters_) {
        if (waiter.waits) loop_.scheduler().wake(waiter.token);
    }
}

int Socket::fd() {
    GEODE_ASSERT(!closed_);
    return descriptor_.native_handle();
}

}  // namespace geode::os
