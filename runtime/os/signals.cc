// SPDX-License-Identifier: Apache-2.0
#include "runtime/os/signals.h"

#include <boost/asio/signal_set.hpp>

#include "base/assert.h"

namespace geode::os {

struct SignalWatcher::State : std::enable_shared_from_this<State> {
    State(EventLoop& the_loop, UniqueFunction<void(int)> the_callback)
        : loop(the_loop), signals(the_loop.io()), callback(std::move(the_callback)) {}

    void wait() {
        signals.async_wait(
            [self = shared_from_this()](const boost::system::error_code& error, int signal) {
                if (error || self->stopped) return;
                self->wait();
                self->callback(signal);
                self->loop.run_ready_fibers();
            });
    }

    EventLoop& loop;
    boost::asio::signal_set signals;
    UniqueFunction<void(int)> callback;
    bool stopped = false;
};

SignalWatcher::SignalWatcher(EventLoop& loop, std::initializer_list<int> signals,
                             UniqueFunction<void(int)> callback)
    : state_(std::make_shared<State>(loop, std::move(callback))) {
    for (const int signal : signals) {
        boost::system::error_code error;
        state_->signals.add(signal, error);
        GEODE_ASSERT_MSG(!error, "not a signal that can be watched");
    }
    state_->wait();
}

SignalWatcher::~SignalWatcher() {
    state_->stopped = true;
    // Gives the signals back their default action now, not when the pending handler has run.
    boost::system::error_code ignored;
    state_->signals.clear(ignored);
    state_->signals.cancel(ignored);
}

}  // namespace geode::os
