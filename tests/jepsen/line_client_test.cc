// SPDX-License-Identifier: Apache-2.0
#include "jepsen/line_client.h"

#include <catch2/catch.hpp>

using namespace geode;
using namespace geode::jepsen;

namespace {

graph::Command command_of(std::string_view line) {
    const auto request = parse_line_request(line);
    REQUIRE(request);
    REQUIRE(std::holds_alternative<graph::Command>(*request));
    return std::get<graph::Command>(*request);
}

}  // namespace

TEST_CASE("line client: requests become the workloads' commands", "[fast]") {
    const auto read = parse_line_request("read 7");
    REQUIRE(read);
    CHECK(std::get<ReadRequest>(*read).key == VertexId(7));
    const auto put = std::get<graph::PutVertex>(command_of(" write 7  -3\r"));
    CHECK(put.vertex.properties.at("value") == graph::Value(std::int64_t{-3}));
    const auto cas = std::get<graph::CompareAndSet>(command_of("cas 7 nil 4"));
    CHECK(cas.expected.is_null());
    CHECK(cas.desired == graph::Value(std::int64_t{4}));
    CHECK(cas.create);
    CHECK(std::get<graph::DeleteVertex>(command_of("delete-vertex 2 detach")).detach);
    CHECK_FALSE(std::get<graph::DeleteVertex>(command_of("delete-vertex 2 keep")).detach);
    const auto edge = std::get<graph::PutEdge>(command_of("put-edge 1 KNOWS 2 3 9")).edge;
    CHECK(edge.key.type == "KNOWS");
    CHECK(edge.key.rank == 3);
    CHECK(std::get<graph::DeleteEdge>(command_of("delete-edge 1 KNOWS 2 3")).key == edge.key);
    CHECK(std::holds_alternative<ScanRequest>(*parse_line_request("scan")));
}

TEST_CASE("line client: what is no request is answered with what was expected", "[fast]") {
    for (const char* const line :
         {"", "dance", "read", "read x", "read 1 2", "write 1", "cas 1 2", "delete-vertex 1 maybe",
          "put-edge 1 2", "scan all", "write 1 99999999999999999999"}) {
        INFO(line);
        const auto request = parse_line_request(line);
        REQUIRE_FALSE(request);
        CHECK(request.error().message.starts_with("expected "));
    }
}

TEST_CASE("line client: failed and unknown are never mixed up", "[fast]") {
    graph::Outcome refused;
    refused.code = graph::OutcomeCode::conflict;
    CHECK(line_answer(graph::Outcome{}) == "ok");
    CHECK(line_answer(refused) == "refused");
    CHECK(line_answer(make_error(ErrorCode::unavailable, "")) == "fail unavailable");
    CHECK(line_answer(make_error(ErrorCode::unknown_outcome, "")) == "unknown unknown_outcome");
    CHECK(line_answer(make_error(ErrorCode::session_expired, "")) == "unknown session_expired");
}
