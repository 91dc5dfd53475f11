// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/judgement.h"

namespace geode::check {

std::string_view to_string(Verdict verdict) noexcept {
    switch (verdict) {
        case Verdict::valid: return "valid";
        case Verdict::invalid: return "invalid";
        case Verdict::unknown: return "unknown";
    }
    return "?";
}

}  // namespace geode::check
