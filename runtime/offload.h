// SPDX-License-Identifier: Apache-2.0
#pragma once

// Offload: runs a blocking call off the event loop and suspends the calling fiber meanwhile.
//
// In production a worker thread runs it; in simulation it runs inline and the fiber then sleeps
// for the virtual time that the disk calls inside it cost. The callable must not suspend, must not
// throw, and must not touch what another fiber may change meanwhile. It always runs to its end
// before the caller's frame goes away, even when the fiber is killed during the wait.

#include <optional>
#include <type_traits>
#include <utility>

#include "base/unique_function.h"

namespace geode {

class Offload {
public:
    virtual ~Offload() = default;

    /// Suspends until `work` has run. Throws Killed afterwards if the fiber was killed.
    virtual void run_blocking(FunctionRef<void()> work) = 0;

    /// Runs `work()` off the loop and returns its (non-void) result.
    template <class F>
    auto run(F&& work) {
        using R = std::invoke_result_t<F&>;
        if constexpr (std::is_void_v<R>) {
            run_blocking(work);
        } else {
            std::optional<R> result;
            auto call = [&] { result.emplace(work()); };
            run_blocking(call);
            return std::move(*result);
        }
    }
};

}  // namespace geode
