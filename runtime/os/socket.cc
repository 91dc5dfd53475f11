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
    Scheduler& scheduler = loop_.scheduler();
    // park() does not wait in a fiber that unwinds; without this a caller's retry loop would spin.
    if (closed_ || scheduler.current_killed()) {
        if (!closed_) scheduler.park();
        return WaitEnd::closed;
    }
    Waiter& waiter = waiters_[static_cast<std::size_t>(who)];
    GEODE_ASSERT_MSG(waiter.what == Readiness::none, "two fibers in one role on a connection");
    waiter = Waiter{scheduler.park_token(), what};
    struct Leave {
        Waiter& left;
        ~Leave() { left = Waiter{}; }
    } leave{waiter};
    arm(what);
    const DeadlineTimer timer(clock_, deadline, waiter.token);
    const WakeReason reason = scheduler.park();
    if (closed_) return WaitEnd::closed;
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
        if (waiter.what == what) loop_.scheduler().wake(waiter.token);
    }
    loop_.run_ready_fibers();
}

void Socket::close() {
    if (closed_) return;
    closed_ = true;
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    for (const Waiter& waiter : waiters_) {
        if (waiter.what != Readiness::none) loop_.scheduler().wake(waiter.token);
    }
}

int Socket::fd() {
    GEODE_ASSERT(!closed_);
    return descriptor_.native_handle();
}

}  // namespace geode::os
