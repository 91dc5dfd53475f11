// SPDX-License-Identifier: Apache-2.0
#pragma once

// The register workload: reads, unique writes and compare-and-sets on a few hot vertices.
//
// Each vertex is a register: its property "value", absent at first. Written values are unique over
// the run, so that a checker can tell every write from every other. The harness judges the recorded
// history for linearizability, key by key.

#include <cstdint>
#include <optional>

#include "node/client/client.h"
#include "workloads/client_loop.h"

namespace geode::workloads {

enum class RegisterFunction : std::uint8_t { read, write, cas };

struct RegisterCall {
    std::int64_t process = 0;
    RegisterFunction function = RegisterFunction::read;
    VertexId key;
    std::int64_t argument = 0;             ///< write, cas: the new value
    std::optional<std::int64_t> expected;  ///< cas: nothing stands for "absent"
};

/// Records events in the order of the calls. Must not suspend.
class RegisterRecorder {
public:
    virtual ~RegisterRecorder() = default;
    virtual void invoked(const RegisterCall& call) = 0;
    /// `seen`: what a read that is ok answered; nothing for "absent".
    virtual void completed(std::int64_t process, Ending ending,
                           std::optional<std::int64_t> seen) = 0;
};

struct RegisterOptions {
    std::uint32_t client = 0;  ///< 0..clients-1
    std::uint32_t clients = 1;
    VertexId first_key{1};
    std::uint32_t keys = 4;  ///< vertices first_key .. first_key + keys - 1
    /// Above 0: so long after `begun`, and again after each such time, the clients go on with the
    /// next `keys` vertices. An operation of unknown outcome burdens a checker as long as its
    /// register is in use, so long runs need short-lived registers. All clients share one clock.
    Duration key_life{0};
    MonoTime begun{};
    Pace pace;
};

/// Runs until `control.stop`. Suspends; throws Killed. `next_value` is shared by all clients.
void run_register_client(World& world, node::Client& client, const RegisterOptions& options,
                         const Control& control, std::int64_t& next_value,
                         RegisterRecorder& recorder, Progress& progress);

}  // namespace geode::workloads
