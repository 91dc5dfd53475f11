// SPDX-License-Identifier: Apache-2.0
#pragma once

// A Geode client for programs in other languages: one request per line in, one answer per line out.
//
//     read KEY                             ok VALUE, ok nil
//     write KEY VALUE                      ok
//     cas KEY OLD NEW                      ok, refused           (OLD may be nil: absent)
//     put-vertex ID STAMP                  ok
//     delete-vertex ID detach|keep         ok, refused
//     put-edge FROM TYPE TO RANK STAMP     ok, refused           (an end does not exist)
//     delete-edge FROM TYPE TO RANK        ok, refused
//     scan                                 ok {:vertices ... :out-edges ... :in-edges ...}
//     txn MICRO...                         ok [[:append 8 1] [:r 9 [1 2]]], refused
//     transfer FROM TO AMOUNT              ok, refused
//     balances ACCOUNTS                    ok {0 10, 1 7}, refused
//
// MICRO is `append KEY VALUE` or `r KEY`; they are one transaction, in their order. Accounts are
// numbered from 0, and each holds 10 before the first transfer. The last three are optimistic
// transactions (workloads/optimistic.h): refused if somebody else was faster or, of a transfer, if
// the account holds less. Nothing is tried again here.
//
// Besides: `fail CODE` (it did not happen and will not), `unknown CODE` (it may have, or may yet),
// `error TEXT` (not a request). What keys, stamps, lists and accounts are is said at
// workloads/register.h, graph.h, append.h and bank.h; the scan is jepsen/graph_edn.h's, of the
// first endpoint's own replica, and means something when nothing runs. The deadline is that of one
// request to the cluster: a transaction makes one for each key, and one to commit. Ends with its
// input. docs/jepsen.md.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/command.h"
#include "runtime/network.h"
#include "workloads/append.h"
#include "workloads/bank.h"

namespace geode::jepsen {

struct ReadRequest {
    VertexId key;
};
struct ScanRequest {};
struct TransactionRequest {
    std::vector<workloads::MicroOperation> operations;
};
struct BalancesRequest {
    std::uint32_t accounts = 0;
};
using LineRequest = std::variant<ReadRequest, ScanRequest, graph::Command, TransactionRequest,
                                 workloads::Transfer, BalancesRequest>;

/// Error: `invalid_argument`, saying what was expected.
Result<LineRequest> parse_line_request(std::string_view line);

/// The answer to a write or a transaction: "ok", "refused", "fail CODE" or "unknown CODE"; "error"
/// and words if a value was found that nobody wrote.
std::string line_answer(const Result<graph::Outcome>& outcome);

/// Serves stdin until it ends. Blocks. Returns the exit status.
int serve_lines(const std::vector<Address>& endpoints, Duration deadline);

}  // namespace geode::jepsen
