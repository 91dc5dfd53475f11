// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/prng.h"
#include "graph/csv_load.h"
#include "graph/limits.h"
#include "node/wire/client_codec.h"

using namespace geode;
using namespace geode::wire;

namespace {

graph::Vertex sample_vertex() {
    graph::Vertex vertex;
    vertex.id = VertexId(8);
    vertex.labels = {"airport", "hub"};
    vertex.properties = {{"code", graph::Value("DFW")},
                         {"elev", graph::Value(607)},
                         {"lat", graph::Value(32.89)},
                         {"open", graph::Value(true)},
                         {"runs", graph::Value(graph::List{graph::Value(1), graph::Value(),
                                                           graph::Value(graph::List{})})},
                         {"raw", graph::Value(std::string("\0\xff", 2))}};
    return vertex;
}

std::vector<graph::Command> samples() {
    const graph::EdgeKey key{VertexId(8), "route", VertexId(1), 3977};
    graph::CompareAndSet swap{VertexId(8), "elev", graph::Value(607), graph::Value(), true};
    graph::Batch batch;
    batch.commands = {graph::PutVertex{sample_vertex()}, graph::DeleteEdge{key}, swap};
    return {graph::PutVertex{sample_vertex()},
            graph::DeleteVertex{VertexId(9), true},
            graph::PutEdge{{key, {{"dist", graph::Value(729)}}}},
            graph::DeleteEdge{key},
            swap,
            batch};
}

}  // namespace

TEST_CASE("client codec: every command comes back as it was", "[fast]") {
    Scratch scratch;
    for (const graph::Command& command : samples()) {
        const LogCommand sent{SessionId(77), 5, command};
        const Result<LogCommand> got = decode_log_command(encode_log_command(scratch, sent));
        REQUIRE(got.has_value());
        CHECK(got->session == sent.session);
        CHECK(got->sequence == 5);
        CHECK(got->command == sent.command);
    }
    const Result<LogCommand> registration = decode_log_command(encode_log_command(scratch, {}));
    REQUIRE(registration.has_value());
    CHECK_FALSE(registration->command.has_value());
}

TEST_CASE("client codec: every outcome comes back as it was", "[fast]") {
    Scratch scratch;
    using Kind = Applied::Kind;
    const std::vector<Applied> outcomes = {
        {},
        {Kind::outcome, {graph::OutcomeCode::not_found, "no vertex 7", std::nullopt}, {}},
        {Kind::outcome, {graph::OutcomeCode::conflict, "", graph::Value(3)}, {}},
        {Kind::outcome, {graph::OutcomeCode::conflict, "", graph::Value()}, {}},
        {Kind::session_registered, {}, SessionId(12)},
        {Kind::session_expired, {}, {}},
        {Kind::stale_sequence, {}, {}}};
    for (const Applied& sent : outcomes) {
        const Result<Applied> got = decode_applied(encode_applied(scratch, sent));
        REQUIRE(got.has_value());
        CHECK(got->kind == sent.kind);
        CHECK(got->outcome == sent.outcome);
        CHECK(got->session == sent.session);
    }
    CHECK(encode_applied(scratch, {}).empty());
}

TEST_CASE("client codec: lists nested too deep are refused, not followed", "[fast]") {
    graph::Value deep;
    for (std::uint32_t i = 0; i < graph::list_depth_max + 1; ++i) {
        deep = graph::Value(graph::List{deep});
    }
    graph::Vertex vertex;
    vertex.properties.emplace("deep", deep);
    Scratch scratch;
    const Bytes bytes = encode_log_command(scratch, {{}, 0, graph::PutVertex{vertex}});
    CHECK(decode_log_command(bytes).code() == ErrorCode::protocol_error);
}

TEST_CASE("client codec: damaged payloads are errors or commands, never worse", "[fast]") {
    Scratch scratch;
    Prng prng(20261121);
    for (const graph::Command& command : samples()) {
        const Bytes good = encode_log_command(scratch, {SessionId(1), 1, command});
        for (int round = 0; round < 3000; ++round) {
            Bytes bad = good;
            for (std::uint64_t i = 1 + prng.below(3); i > 0; --i) {
                bad[prng.below(bad.size())] = static_cast<char>(prng.next());
            }
            const Result<LogCommand> got = decode_log_command(bad);
            if (!got) {
                CHECK((got.code() == ErrorCode::protocol_error ||
                       got.code() == ErrorCode::unsupported));
            }
        }
    }
}

TEST_CASE("client codec: what a loader puts into one batch fits a write", "[fast]") {
    std::vector<graph::Vertex> nulls(20, sample_vertex());
    for (graph::Vertex& vertex : nulls) {
        vertex.properties.emplace("list", graph::Value(graph::List(15'000, graph::Value())));
    }
    std::vector<graph::Vertex> labels(3'000);
    for (graph::Vertex& vertex : labels) {
        for (char label = ' '; label < ' ' + 64; ++label) vertex.labels.emplace(1, label);
    }
    const std::vector<graph::Vertex> bare(graph::batch_commands_max);
    const graph::EdgeKey key{VertexId(1), "t", VertexId(2), 3};
    const std::vector<graph::Edge> edges(graph::batch_commands_max, graph::Edge{key, {}});
    std::vector<graph::Batch> batches;
    for (const auto& vertices : {nulls, labels, bare}) {
        for (graph::Batch& batch : graph::to_batches(vertices, {}, graph::batch_commands_max)) {
            batches.push_back(std::move(batch));
        }
    }
    for (graph::Batch& batch : graph::to_batches({}, edges, graph::batch_commands_max)) {
        batches.push_back(std::move(batch));
    }
    Scratch scratch;
    std::size_t largest = 0;
    for (const graph::Batch& batch : batches) {
        largest = std::max(largest, encode_log_command(scratch, {{}, 0, batch}).size());
    }
    CHECK(largest <= write_bytes_max);
    CHECK(largest > write_bytes_max / 2);  // or the bound would be needlessly small
}
