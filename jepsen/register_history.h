// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records a register workload as a history for the checkers, with times from a World's clock.

#include "runtime/clock.h"
#include "workloads/check/history.h"
#include "workloads/register.h"

namespace geode::jepsen {

class RegisterHistory final : public workloads::RegisterRecorder {
public:
    /// Times count from now.
    explicit RegisterHistory(Clock& clock) : clock_(clock), begun_(clock.now()) {}

    void invoked(const workloads::RegisterCall& call) override;
    void completed(std::int64_t process, workloads::Ending ending,
                   std::optional<std::int64_t> seen) override;

    check::History finish() && { return std::move(builder_).finish(); }

private:
    std::int64_t elapsed_ns() const { return (clock_.now() - begun_).count(); }

    Clock& clock_;
    MonoTime begun_;
    check::HistoryBuilder builder_;
};

}  // namespace geode::jepsen
