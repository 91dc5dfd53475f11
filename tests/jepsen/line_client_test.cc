// SPDX-License-Identifier: Apache-2.0
#include "jepsen/line_client.h"

#include <catch2/catch.hpp>

#include "jepsen/transaction_edn.h"

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

TEST_CASE("line client: transactions, transfers and balances", "[fast]") {
    const auto transaction = parse_line_request("txn append 8 1 r 9  append 8 -2 r 0");
    REQUIRE(transaction);
    const auto& operations = std::get<TransactionRequest>(*transaction).operations;
    CHECK(edn_asked(operations) == "[[:append 8 1] [:r 9 nil] [:append 8 -2] [:r 0 nil]]");
    const auto transfer = parse_line_request("transfer 0 3 5");
    REQUIRE(transfer);
    CHECK(edn_of(std::get<workloads::Transfer>(*transfer)) == "{:from 0, :to 3, :amount 5}");
    const auto balances = parse_line_request("balances 8");
    REQUIRE(balances);
    CHECK(std::get<BalancesRequest>(*balances).accounts == 8);
}

TEST_CASE("line client: what is no request is answered with what was expected", "[fast]") {
    for (const char* const line : {"",
                                   "dance",
                                   "read",
                                   "read x",
                                   "read 1 2",
                                   "write 1",
                                   "cas 1 2",
                                   "delete-vertex 1 maybe",
                                   "put-edge 1 2",
                                   "scan all",
                                   "write 1 99999999999999999999",
                                   "txn",
                                   "txn append 1",
                                   "txn r",
                                   "txn r 1 append",
                                   "txn w 1 2",
                                   "txn r -1",
                                   "transfer 1 1 5",
                                   "transfer 1 2 0",
                                   "transfer 1 2",
                                   "transfer -1 2 3",
                                   "balances",
                                   "balances 0",
                                   "balances 4000000"}) {
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
    CHECK(line_answer(make_error(ErrorCode::invalid_argument, "not a balance: \"x\"")) ==
          "error not a balance: \"x\"");
    CHECK(line_answer(make_error(ErrorCode::unknown_outcome, "")) == "unknown unknown_outcome");
    CHECK(line_answer(make_error(ErrorCode::session_expired, "")) == "unknown session_expired");
}
