// SPDX-License-Identifier: Apache-2.0
#pragma once

// Totals: properties of a whole history that are counted, not searched for. They say less than
// linearizability and take linear time, about; all but monotonic follow Jepsen's checkers.
//
// Everywhere: an operation of unknown outcome may have happened, at any time after it was invoked,
// or not; one that failed did not. Where writes are looked at (sets, long forks, comments) it is an
// anomaly, `unexpected`, to see what nobody had begun to write, or what only failed writes wrote.
// Anomalies have the names in backquotes.
//
// invalid_argument for an operation that the property does not know or whose answer is not of the
// shape it needs.

#include <optional>
#include <vector>

#include "base/result.h"
#include "workloads/check/findings.h"

namespace geode::check {

struct BankOptions {
    /// What all accounts hold together; nothing: what the first read shows.
    std::optional<std::int64_t> total = std::nullopt;
    /// The accounts there are, as names in the history are described; empty: any.
    std::vector<std::string> accounts = {};
    bool negative_allowed = false;
};

/// Reads of [account balance] pairs; transfers in between are not looked at. Each read shows the
/// same total (`wrong-total`), no balance below zero unless allowed (`negative-balance`), no
/// missing balance (`nil-balance`) and only the accounts there are (`unexpected-account`).
Result<Judgement> check_bank(const History& history, const BankOptions& options);

/// A set that is added to, as the last read shows it: no element acknowledged before is missing
/// (`lost`), none is there that nobody had begun to add or whose addition failed (`unexpected`),
/// none twice (`duplicate`). Unknown if it was never read, or the last read answered nil.
Result<Judgement> check_final_set(const History& history);

enum class Staleness : std::uint8_t { allowed, anomaly };

/// A set that is added to, by all its reads, element by element. An element is known from the first
/// completion of an addition or a read that proves it. It is `lost` if the last read invoked after
/// that misses it and no read invoked later shows it, `stale` (an anomaly if asked for) if it was
/// missed once known but shown later; `unexpected` and `duplicate` as above. Unknown if no element
/// was seen in the end.
Result<Judgement> check_full_set(const History& history, Staleness staleness);

/// A counter: what each read shows lies between what additions surely had happened when it began
/// and what may have happened when it ended (`out-of-bounds`).
Result<Judgement> check_counter_bounds(const History& history, std::int64_t initial);

/// Reads of several registers each, [[r key value]...], each written once: of two reads of the same
/// keys one has seen all that the other has (`long-fork`), and none shows a value that was not
/// written (`unexpected`; a history of reads alone is of writes that were not recorded). Unknown if
/// a key is written twice.
Result<Judgement> check_long_fork(const History& history);

/// Blind writes of ids, each its own, and reads of all that is there: a read that shows one shows
/// every other that had been acknowledged before the write of that one was invoked
/// (`causal-reverse`); `unexpected` and `duplicate` as in sets. Ids may be under keys,
/// (keyed_values.h); then each key is judged by itself.
Result<Judgement> check_comments(const History& history);

/// Every id that was generated is different (`duplicate-id`).
Result<Judgement> check_unique_ids(const History& history);

enum class MonotonicScope : std::uint8_t { process, real_time };

/// Reads of integers never go back, in each process or in real time (`nonmonotonic`).
Result<Judgement> check_monotonic(const History& history, MonotonicScope scope);

/// Reads list what was seen of keys that are written one after another, the last written first:
/// once something was seen, nothing after it is missing (`gap`). What the writes (or additions) say
/// is not looked at. A read may be [key [...]] (keyed_values.h).
Result<Judgement> check_sequence(const History& history);

}  // namespace geode::check
