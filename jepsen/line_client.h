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
//
// Besides: `fail CODE` (it did not happen and will not), `unknown CODE` (it may have, or may yet),
// `error TEXT` (not a request). What a key's register and the stamps are is said at
// workloads/register.h and graph.h; the scan is jepsen/graph_edn.h's, of the first endpoint's own
// replica, and means something when nothing runs. Ends with its input. docs/jepsen.md.

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "graph/command.h"
#include "runtime/network.h"

namespace geode::jepsen {

struct ReadRequest {
    VertexId key;
};
struct ScanRequest {};
using LineRequest = std::variant<ReadRequest, ScanRequest, graph::Command>;

/// Error: `invalid_argument`, saying what was expected.
Result<LineRequest> parse_line_request(std::string_view line);

/// The answer to a write: "ok", "refused", "fail CODE" or "unknown CODE".
std::string line_answer(const Result<graph::Outcome>& outcome);

/// Serves stdin until it ends. Blocks. Returns the exit status.
int serve_lines(const std::vector<Address>& endpoints, Duration deadline);

}  // namespace geode::jepsen
