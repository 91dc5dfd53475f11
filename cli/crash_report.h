// SPDX-License-Identifier: Apache-2.0
#pragma once

// What geode-sim says when it dies: which seed, at which virtual time, on which node, in which
// fiber.
//
// Node logic aborts on a broken assertion and knows nothing of seeds; this handler, on a stack of
// its own so that a fiber's overflow can be told as well, adds what only the program knows. It then
// leaves with status 4 instead of by the signal, so that scripts see one status for every crash.
// State is global because a signal handler has nowhere else to look.

#include <cstdint>
#include <string>

#include "sim/world/simulation.h"

namespace geode::cli {

/// Handles SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGXCPU. Call once, early.
void install_crash_report();

struct CrashContext {
    std::uint64_t seed = 0;
    std::string reproduce;
    bool json = false;  ///< print a result line with the verdict crash to stdout
};

/// What to report from now on.
void set_crash_context(const CrashContext& context);
/// The running simulation, or null between runs.
void set_crash_simulation(sim::Simulation* simulation);

}  // namespace geode::cli
