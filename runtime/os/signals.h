// SPDX-License-Identifier: Apache-2.0
#pragma once

// SignalWatcher: turns signals into calls on the event loop.
//
// SIGTERM and SIGINT ask a daemon to drain; doing that in a signal handler is impossible, so Asio's
// handler writes to a pipe and the loop calls back. The default action is gone while a watcher
// lives and back when the last one for that signal has been destroyed.

#include <initializer_list>
#include <memory>

#include "base/unique_function.h"
#include "runtime/os/event_loop.h"

namespace geode::os {

class SignalWatcher {
public:
    /// Calls `callback(signal)` on the loop, outside any fiber, each time one of `signals` comes,
    /// until destruction. Two of a kind that come together may be one call, as always with signals.
    SignalWatcher(EventLoop& loop, std::initializer_list<int> signals,
                  UniqueFunction<void(int)> callback);
    ~SignalWatcher();
    SignalWatcher(const SignalWatcher&) = delete;
    SignalWatcher& operator=(const SignalWatcher&) = delete;

private:
    struct State;
    std::shared_ptr<State> state_;  ///< shared with the handler in flight
};

}  // namespace geode::os
