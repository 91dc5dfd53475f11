// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/isolation.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <initializer_list>

namespace geode::check::txn {
namespace {

using Names = std::vector<std::string>;

Names weakest(std::initializer_list<std::string_view> anomalies) {
    return ruled_out_by(std::vector(anomalies)).weakest;
}

bool also(std::initializer_list<std::string_view> anomalies, std::string_view model) {
    const RuledOut result = ruled_out_by(std::vector(anomalies));
    return std::ranges::find(result.others, model) != result.others.end();
}

TEST_CASE("isolation: names and aliases", "[fast]") {
    CHECK(canonical_model("PL-3") == "serializable");
    CHECK(canonical_model("strong-serializable") == "strict-serializable");
    CHECK(canonical_model("snapshot-isolation") == "snapshot-isolation");
    CHECK_FALSE(canonical_model("linearizable"));
}

TEST_CASE("isolation: the lattice has one top and one bottom and no cycle", "[fast]") {
    for (const std::string_view model : isolation_models) {
        CHECK(model_implies("strict-serializable", model));
        CHECK(model_implies(model, "read-uncommitted"));
        for (const std::string_view other : isolation_models) {
            if (model == other) continue;
            CHECK_FALSE((model_implies(model, other) && model_implies(other, model)));
        }
    }
    for (const std::string_view special : isolation_anomalies()) {
        for (const std::string_view general : isolation_anomalies()) {
            if (special == general) continue;
            CHECK_FALSE((anomaly_implies(special, general) && anomaly_implies(general, special)));
        }
    }
}

TEST_CASE("isolation: a stronger model forbids whatever a weaker one does", "[fast]") {
    for (const std::string_view model : isolation_models) {
        for (const std::string_view weaker : isolation_models) {
            if (!model_implies(model, weaker)) continue;
            for (const std::string_view anomaly : forbidden_anomalies(weaker)) {
                CHECK(forbids(model, anomaly));
            }
        }
    }
}

TEST_CASE("isolation: which anomalies which models forbid", "[fast]") {
    CHECK(forbids("serializable", "G2-item"));
    CHECK_FALSE(forbids("serializable", "G2-item-realtime"));
    CHECK(forbids("strict-serializable", "G2-item-realtime"));
    CHECK(forbids("strict-serializable", "G-single-item-process"));
    CHECK_FALSE(forbids("snapshot-isolation", "G2-item"));
    CHECK(forbids("snapshot-isolation", "G-nonadjacent-item"));
    CHECK(forbids("repeatable-read", "G-single-item"));
    CHECK(forbids("read-uncommitted", "garbage-read"));  // not even there comes it from nowhere
    CHECK(forbids("read-committed", "incompatible-order"));
    CHECK_FALSE(forbids("read-uncommitted", "G1a"));
    CHECK_FALSE(forbids("repeatable-read", "internal"));
    CHECK(forbids("read-atomic", "internal"));
    CHECK(forbids("causal", "fractured-read-process"));
    CHECK_FALSE(forbids("causal-cerone", "fractured-read-process"));
    CHECK_FALSE(forbids("parallel-snapshot-isolation", "long-fork"));
    CHECK(forbids("prefix", "long-fork"));
}

// The right-hand sides are Elle's :not for the same anomalies.
TEST_CASE("isolation: the weakest models that anomalies rule out", "[fast]") {
    CHECK(weakest({}).empty());
    CHECK(weakest({"G0"}) == Names{"read-uncommitted"});
    CHECK(weakest({"G1a"}) == Names{"read-committed"});
    CHECK(weakest({"dirty-update"}) == Names{"read-committed"});
    CHECK(weakest({"lost-update", "G2-item"}) == Names{"cursor-stability", "update-atomic"});
    CHECK(weakest({"G-single-item"}) == Names{"consistent-view", "repeatable-read"});
    CHECK(weakest({"G2-item"}) == Names{"repeatable-read"});
    CHECK(weakest({"G2-item-realtime"}) == Names{"strict-serializable"});
    CHECK(weakest({"G-nonadjacent-item-process"}) == Names{"strong-session-snapshot-isolation"});
    CHECK(weakest({"G-single-item-realtime", "G2-item"}) ==
          Names{"repeatable-read", "strong-snapshot-isolation"});
    CHECK(also({"G2-item"}, "serializable"));
    CHECK(also({"G0"}, "strict-serializable"));
    CHECK_FALSE(also({"G2-item"}, "snapshot-isolation"));
}

}  // namespace
}  // namespace geode::check::txn
