// SPDX-License-Identifier: Apache-2.0
#pragma once

// Why one transaction of a register history must come before another: the steps that witnesses are
// made of.

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "workloads/check/txn/register_index.h"

namespace geode::check::txn {

enum class LinkKind : std::uint8_t {
    process,   ///< the session's order
    realtime,  ///< one was over before the other began
    wr,        ///< the other read what the one wrote
    ww,        ///< the other overwrote the one
    rw,        ///< the other overwrote what the one read
};

/// As judgement.h spells relations.
constexpr std::string_view to_string(LinkKind kind) {
    switch (kind) {
        case LinkKind::process: return "process";
        case LinkKind::realtime: return "realtime";
        case LinkKind::wr: return "wr";
        case LinkKind::ww: return "ww";
        case LinkKind::rw: return "rw";
    }
    GEODE_UNREACHABLE("LinkKind out of range");
}

/// Why a ww link holds.
enum class Ground : std::uint8_t {
    seen,    ///< by itself; also of every link that is not ww
    update,  ///< the other read the one's value and overwrote it: nothing can be between
    reader,  ///< `reader` had seen the one and still read the other's value: the other is later
    forced,  ///< the other way round would close a cycle as well
    chosen,  ///< the other way round was tried too, and fails in another way
};

struct Link {
    std::uint32_t from = 0;  ///< nodes of the RegisterIndex
    std::uint32_t to = 0;
    LinkKind kind = LinkKind::wr;
    Ground ground = Ground::seen;
    std::uint32_t key = no_node;     ///< of wr, ww, rw
    std::uint32_t reader = no_node;  ///< of Ground::reader
};

using Cycle = std::vector<Link>;  ///< each link begins where the one before it ended

}  // namespace geode::check::txn
