// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes histories of registers in the notations of session_formats.h, for the tools that read
// them.
//
// Those notations say less than a TxnHistory. What follows from the history all the same is
// written, the rest is refused or told in `notes`:
//
//   real time  is not written
//   unknown    a transaction that was read from did commit, and is written as a session of its
//              own, without its reads; one that nobody read from need not have, and is left out
//   aborted    is left out where the notation has no place for it; refused if somebody read it
//   nil        is the initial value. A write of that is refused, and in `awdit`, which has no
//              initial state, a read of it
//   names      keys and values are numbered anew where the notation has no words for them

#include <string>
#include <vector>

#include "base/result.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check::txn {

struct WrittenFile {
    std::string name;  ///< within a folder; empty if it is the only one
    std::string bytes;
};

struct WrittenSessions {
    std::vector<WrittenFile> files;  ///< of `cobra` one for each session
    std::vector<std::string> notes;  ///< what the notation does not say, each a sentence
};

/// invalid_argument for what is refused, in words.
Result<WrittenSessions> write_sessions(const SessionHistory& recorded, SessionFormat format);

}  // namespace geode::check::txn
