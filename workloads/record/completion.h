// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a recorded operation ended, in the checkers' words.

#include "workloads/check/history.h"
#include "workloads/client_loop.h"

namespace geode::workloads {

/// One that was refused did not happen. (What a refused cas says besides is RegisterHistory's.)
inline check::Completion completion_of(Ending ending) {
    switch (ending) {
        case Ending::ok: return check::Completion::ok;
        case Ending::refused:
        case Ending::fail: return check::Completion::fail;
        case Ending::unknown: return check::Completion::unknown;
    }
    GEODE_UNREACHABLE("an ending outside its enum");
}

}  // namespace geode::workloads
