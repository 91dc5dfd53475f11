// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kinds of cycles that cycles.h names, as data. Internal to cycles.cc and component_cycles.cc.

#include <span>
#include <string_view>

#include "workloads/check/txn/graph.h"

namespace geode::check::txn {

/// What a cycle has besides the edges it may use anywhere.
enum class RwRule : std::uint8_t {
    none,         ///< no rw edge, and at least one of `needs`
    one,          ///< exactly one
    nonadjacent,  ///< at least one; no two in a row
    behind_wr,    ///< at least one; each right behind a wr or process edge
    any,          ///< at least one
};

struct CycleSpec {
    std::string_view name;
    RwRule rule = RwRule::none;
    Relations along = 0;  ///< usable anywhere
    Relations needs = 0;  ///< of RwRule::none
    Relations extra = 0;  ///< of the suffix: process, realtime or nothing
    bool weak = false;    ///< looked for only where nothing more general is
};

/// From the worst to the least.
std::span<const CycleSpec> cycle_specs();

/// The name of a cycle with these steps' relations, in their order around the cycle.
std::string_view name_of_cycle(std::span<const Relations> steps);

}  // namespace geode::check::txn
