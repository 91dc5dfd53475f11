// SPDX-License-Identifier: Apache-2.0
#include "base/error_codes.h"

namespace geode {

std::string_view to_string(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::invalid_argument: return "invalid_argument";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::already_exists: return "already_exists";
        case ErrorCode::corrupt: return "corrupt";
        case ErrorCode::io_error: return "io_error";
        case ErrorCode::disk_full: return "disk_full";
        case ErrorCode::closed: return "closed";
        case ErrorCode::refused: return "refused";
        case ErrorCode::timed_out: return "timed_out";
        case ErrorCode::not_leader: return "not_leader";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::unknown_outcome: return "unknown_outcome";
        case ErrorCode::session_expired: return "session_expired";
        case ErrorCode::protocol_error: return "protocol_error";
        case ErrorCode::address_in_use: return "address_in_use";
        case ErrorCode::foreign_data: return "foreign_data";
        case ErrorCode::locked: return "locked";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::shutting_down: return "shutting_down";
        case ErrorCode::overloaded: return "overloaded";
    }
    return "?";
}

}  // namespace geode
