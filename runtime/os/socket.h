// SPDX-License-Identifier: Apache-2.0
#pragma once

// Socket: a non-blocking descriptor on the event loop, and the fibers waiting for it.
//
// Asio is asked for readiness only, never to read or write: its completions then refer to nothing
// but this object, which they share. A deadline or a kill leaves the armed wait behind; the next
// waiter for the same direction finds it armed.
//
// Invariants:
//  1. At most one Asio wait per direction is outstanding, however many fibers waited and left.
//  2. At most one fiber per role waits; a reader and a writer may wait for the same direction
//  (TLS).
//  3. After close() no fiber waits, no system call is made with the descriptor, and late
//     completions change nothing.
//  4. Whoever owns a socket calls close(); dropping the pointer alone would leave the descriptor
//     open until the armed wait completes. See OwnedSocket.
//  5. A fiber that waits keeps the socket alive. When a wait ends with `closed`, or Killed, the
//     connection above may be gone: a dying node's fibers leave in id order, owners before readers.
//
// Arming costs one epoll_ctl a wait, about 6 % of a 256 B round trip against letting Asio read.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_clock.h"
#include "runtime/os/stream.h"
#include "runtime/os/unique_fd.h"

namespace geode::os {

class Socket : public std::enable_shared_from_this<Socket> {
public:
    enum class Role : std::uint8_t { reader, writer };
    enum class WaitEnd : std::uint8_t { ready, timed_out, closed };

    static constexpr std::uint32_t eager_calls_max = 16;

    /// Takes the non-blocking `fd` into the loop. Error `unavailable`: the kernel is out of
    /// resources.
    static Result<std::shared_ptr<Socket>> adopt(EventLoop& loop, OsClock& clock, UniqueFd fd);

    /// Use adopt().
    Socket(EventLoop& loop, OsClock& clock);
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// Suspends until `what` (not none), the deadline, or close(). Throws Killed. Returns `closed`
    /// at once in a fiber that is already unwinding.
    WaitEnd wait(Role who, Readiness what, MonoTime deadline);
    /// Before each operation that may not have to wait: yields in a fiber that was served
    /// `eager_calls_max` times in a row, since a faster peer would let it starve all others.
    /// `closed` if it was closed meanwhile, else `ready`. Throws Killed.
    WaitEnd take_turn(Role who);
    /// Suspends for `delay`, or at least until close(). Throws Killed. Ends as take_turn().
    WaitEnd pause(Role who, Duration delay);
    /// Ends the waits and closes the descriptor. Never suspends; idempotent.
    void close();
    bool closed() const { return closed_; }
    /// Not after close().
    int fd();

private:
    struct Waiter {
        WakeToken token;
        Readiness what = Readiness::none;  ///< none: nobody waits, or only for time
        bool waits = false;
        std::uint32_t eager_calls = 0;  ///< since it last waited
    };
    WaitEnd park(Waiter& waiter, Readiness what, MonoTime deadline);
    void arm(Readiness what);
    void on_ready(Readiness what, bool failed);

    EventLoop& loop_;
    OsClock& clock_;
    // The concrete executor: the type-erased default only adds indirection to every wait.
    using Executor = boost::asio::io_context::executor_type;
    boost::asio::posix::basic_stream_descriptor<Executor> descriptor_;
    Waiter waiters_[2];
    bool armed_[2] = {false, false};
    bool closed_ = false;
};

}  // namespace geode::os
