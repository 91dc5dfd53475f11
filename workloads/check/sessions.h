// SPDX-License-Identifier: Apache-2.0
#pragma once

// Session guarantees of registers whose writes are told apart (Terry et al., "Session guarantees
// for weakly consistent replicated data", PDIS 1994), a session being a process.
//
// A guarantee asks that the values of each register were written in some order, the initial value
// first, such that
//   read-your-writes     a read shows no older value than any its session wrote before
//   monotonic-reads      a read shows no older value than any its session read before
//   monotonic-writes     the values a session writes come in that order; and who has read one of
//                        its writes reads no older value of any register than it wrote before that
//   writes-follow-reads  a write comes after what its session read before, and what that followed
//                        from in turn; and who has read it reads no older value than those
// The last two can only be observed by a session whose reads do not go back, so they include
// monotonic-reads. No guarantee allows thin-air reads or values that depend on themselves.
//
// The order exists exactly when these demands have no cycle: O(n p log n) for n operations in p
// sessions, about. An operation of unknown outcome counts where it is read, as reads_from.h says.

#include "workloads/check/findings.h"

namespace geode::check {

enum class SessionGuarantee : std::uint8_t {
    read_your_writes,
    monotonic_reads,
    monotonic_writes,
    writes_follow_reads,
};

/// "read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads": also the name
/// of the anomaly.
std::string_view to_string(SessionGuarantee guarantee) noexcept;

/// Decides the history; unknown if a value was written twice or for a cas.
Result<Judgement> check_session(const History& history, ValueId initial,
                                SessionGuarantee guarantee);

}  // namespace geode::check
