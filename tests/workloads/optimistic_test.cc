// SPDX-License-Identifier: Apache-2.0
#include "workloads/optimistic.h"

#include <catch2/catch.hpp>

#include "tests/workloads/graph_store.h"
#include "workloads/client_loop.h"

using namespace geode;
using namespace geode::workloads;
using graph::Value;

namespace {

constexpr VertexId one(1);
constexpr VertexId two(2);

/// A transaction of its own that sets a value.
void set(GraphStore& store, VertexId vertex, Value value) {
    OptimisticTransaction transaction(store, "p");
    REQUIRE(transaction.read(vertex));
    transaction.write(vertex, std::move(value));
    REQUIRE(transaction.commit()->is_ok());
}

Value stored(GraphStore& store, VertexId vertex) {
    return graph::expect(store.read(vertex, "p"));
}

}  // namespace

TEST_CASE("optimistic: absent is null on both sides, and a vertex that was read is made",
          "[fast]") {
    GraphStore store;
    OptimisticTransaction reader(store, "p");
    CHECK(reader.read(one)->is_null());
    CHECK(reader.commit()->is_ok());
    CHECK(stored(store, one).is_null());
    CHECK(graph::expect(graph::GraphTransaction(store.view).reader().get_vertex(one)).has_value());

    set(store, one, 7);
    CHECK(stored(store, one) == Value(7));
    set(store, one, Value());
    CHECK(stored(store, one).is_null());
}

TEST_CASE("optimistic: a transaction sees its own writes and asks for a vertex once", "[fast]") {
    GraphStore store;
    OptimisticTransaction transaction(store, "p");
    CHECK(transaction.read(one)->is_null());
    transaction.write(one, 1);
    CHECK(*transaction.read(one) == Value(1));
    transaction.write(one, 2);
    CHECK(*transaction.read(one) == Value(2));
    CHECK(store.reads == 1);
    CHECK(stored(store, one).is_null());
    CHECK(transaction.commit()->is_ok());
    CHECK(stored(store, one) == Value(2));
}

TEST_CASE("optimistic: what was only read is compared as well", "[fast]") {
    GraphStore store;
    for (const Value& before : {Value(), Value(5)}) {
        set(store, one, before);
        OptimisticTransaction transaction(store, "p");
        CHECK(*transaction.read(one) == before);
        REQUIRE(transaction.read(two));
        transaction.write(two, 9);
        set(store, one, 6);
        CHECK(transaction.commit()->code == graph::OutcomeCode::conflict);
        CHECK(stored(store, one) == Value(6));
        CHECK(stored(store, two).is_null());
    }
}

TEST_CASE("optimistic: a value that went away and came back is the same value", "[fast]") {
    GraphStore store;
    OptimisticTransaction transaction(store, "p");
    REQUIRE(transaction.read(one));
    set(store, one, 1);
    set(store, one, Value());
    CHECK(transaction.commit()->is_ok());
}

TEST_CASE("optimistic: a failed read has changed nothing, whatever it was answered", "[fast]") {
    GraphStore store;
    store.failing_reads = 1;
    OptimisticTransaction transaction(store, "p");
    CHECK(transaction.read(one).code() == ErrorCode::unavailable);
    CHECK(ending_of(make_error(ErrorCode::unavailable, "")) == Ending::fail);
}

TEST_CASE("optimistic: an unanswered commit is of unknown outcome", "[fast]") {
    GraphStore store;
    store.lost_answers = 1;
    OptimisticTransaction transaction(store, "p");
    REQUIRE(transaction.read(one));
    CHECK(ending_of(transaction.commit()) == Ending::unknown);
}
