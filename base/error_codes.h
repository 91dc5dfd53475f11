// SPDX-License-Identifier: Apache-2.0
#pragma once

// Every error code of Geode. A code exists only where some caller acts differently on it.
//
// `unknown_outcome` is distinct from every failure: the operation may have happened, or may still
// happen later. All other codes of a write mean that it definitely did not happen.

#include <cstdint>
#include <string_view>

namespace geode {

enum class ErrorCode : std::uint16_t {
    invalid_argument = 1,  ///< the caller's input is wrong; retrying changes nothing
    not_found = 2,         ///< the named thing does not exist
    already_exists = 3,    ///< the named thing exists and must not
    corrupt = 4,           ///< stored bytes fail their checksum or structure; ask a replica
    io_error = 5,          ///< the disk refused; the node must not trust this file any more
    disk_full = 6,         ///< no space left; reads go on
    closed = 7,            ///< the connection, queue or file was closed
    refused = 8,           ///< nobody listens at the address
    timed_out = 9,         ///< the deadline passed before an answer came
    not_leader = 10,       ///< ask the node named in the hint
    unavailable = 11,      ///< no quorum or not ready; definitely not applied, retry later
    unknown_outcome = 12,  ///< may or may not have happened
    session_expired = 13,  ///< the exactly-once session is gone; its last request is unknown
    protocol_error = 14,   ///< the peer sent bytes outside the protocol; drop the connection
    address_in_use = 15,   ///< another process listens there
    foreign_data = 16,     ///< the directory holds data of another program, node or cluster
    locked = 17,           ///< another process holds the data directory
    too_large = 18,        ///< over a named maximum
    unsupported = 19,      ///< a newer format or feature than this build knows
    shutting_down = 20,    ///< the node drains; try another
    overloaded = 21,       ///< too much is under way; definitely not done, wait and ask again
};

/// The code's name as written above, for logs and messages. `"?"` for a number outside the table.
std::string_view to_string(ErrorCode code) noexcept;

}  // namespace geode
