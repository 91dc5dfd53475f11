// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/cycle_specs.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace geode::check::txn {
namespace {

constexpr Relations data = ww | wr;

constexpr std::array<CycleSpec, 16> specs = {{
    {"G0", RwRule::none, ww, ww, 0},
    {"G1c", RwRule::none, data, wr, 0},
    {"G-single-item", RwRule::one, data, 0, 0},
    {"prefix-violation", RwRule::behind_wr, data, 0, 0, true},
    {"G-nonadjacent-item", RwRule::nonadjacent, data, 0, 0},
    {"G2-item", RwRule::any, data, 0, 0},
    {"G0-process", RwRule::none, ww | process, ww, process},
    {"G1c-process", RwRule::none, data | process, wr, process},
    {"G-single-item-process", RwRule::one, data | process, 0, process},
    {"G-nonadjacent-item-process", RwRule::nonadjacent, data | process, 0, process},
    {"G2-item-process", RwRule::any, data | process, 0, process},
    {"G0-realtime", RwRule::none, ww | realtime, ww, realtime},
    {"G1c-realtime", RwRule::none, data | realtime, wr, realtime},
    {"G-single-item-realtime", RwRule::one, data | realtime, 0, realtime},
    {"G-nonadjacent-item-realtime", RwRule::nonadjacent, data | realtime, 0, realtime},
    {"G2-item-realtime", RwRule::any, data | realtime, 0, realtime},
}};

constexpr std::size_t kinds = 5;
constexpr std::array<std::array<std::string_view, kinds>, 3> names = {{
    {"G0", "G1c", "G-single-item", "G-nonadjacent-item", "G2-item"},
    {"G0-process", "G1c-process", "G-single-item-process", "G-nonadjacent-item-process",
     "G2-item-process"},
    {"G0-realtime", "G1c-realtime", "G-single-item-realtime", "G-nonadjacent-item-realtime",
     "G2-item-realtime"},
}};

}  // namespace

std::span<const CycleSpec> cycle_specs() {
    return specs;
}

std::string_view name_of_cycle(std::span<const Relations> steps) {
    GEODE_ASSERT(steps.size() >= 2);
    Relations all = 0;
    bool adjacent = false;
    for (std::size_t index = 0; index < steps.size(); ++index) {
        all = static_cast<Relations>(all | steps[index]);
        const Relations next = steps[(index + 1) % steps.size()];
        if (steps[index] == rw && next == rw) adjacent = true;
    }
    const auto antis = std::ranges::count(steps, rw);
    std::size_t kind = 0;
    if (antis == 1) {
        kind = 2;
    } else if (antis > 1) {
        kind = adjacent ? 4 : 3;
    } else if ((all & wr) != 0) {
        kind = 1;
    }
    std::size_t suffix = 0;
    if ((all & process) != 0) suffix = 1;
    if ((all & realtime) != 0) suffix = 2;
    return names[suffix][kind];
}

}  // namespace geode::check::txn
