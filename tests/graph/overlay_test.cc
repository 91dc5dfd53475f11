// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/prng.h"
#include "tests/graph/map_view.h"

using namespace geode;
using namespace geode::graph;

namespace {

using Pairs = std::vector<std::pair<Bytes, Bytes>>;

Pairs scan(KvView& view, BytesView from, BytesView to, std::size_t most = SIZE_MAX) {
    Pairs found;
    if (most == 0) return found;
    const Result<void> read = view.for_each(from, to, [&](BytesView key, BytesView value) {
        found.emplace_back(key, value);
        return found.size() < most;
    });
    REQUIRE(read.has_value());
    return found;
}

Bytes small_key(Prng& prng) {
    return Bytes(1, static_cast<char>('a' + prng.below(12)));
}

}  // namespace

TEST_CASE("overlay: merges its changes with the base in key order", "[fast]") {
    MapView base;
    base.map = {{"b", "1"}, {"d", "1"}, {"f", "1"}};
    KvOverlay overlay(base);
    overlay.put("a", "2");
    overlay.put("d", "2");
    overlay.remove("f");
    overlay.remove("e");
    overlay.put("g", "2");
    CHECK(scan(overlay, "a", "z") == Pairs{{"a", "2"}, {"b", "1"}, {"d", "2"}, {"g", "2"}});
    CHECK(scan(overlay, "b", "g") == Pairs{{"b", "1"}, {"d", "2"}});
    CHECK(scan(overlay, "a", "z", 1) == Pairs{{"a", "2"}});
    CHECK(scan(overlay, "a", "z", 3).size() == 3);
    CHECK(scan(overlay, "z", "a").empty());
    CHECK(overlay.get("d").value() == "2");
    CHECK(overlay.get("b").value() == "1");
    CHECK(overlay.get("f").value() == std::nullopt);
}

TEST_CASE("overlay: rolls back to the mark, through puts, removes and repeats", "[fast]") {
    MapView base;
    base.map = {{"a", "0"}, {"b", "0"}};
    KvOverlay overlay(base);
    overlay.put("a", "1");
    overlay.remove("b");
    overlay.mark();
    const Pairs before = scan(overlay, "a", "z");
    overlay.put("a", "2");
    overlay.put("a", "3");
    overlay.put("b", "2");
    overlay.put("c", "2");
    overlay.remove("c");
    overlay.remove("a");
    overlay.rollback();
    CHECK(scan(overlay, "a", "z") == before);
    CHECK(overlay.change_count() == 2);
    overlay.rollback();
    CHECK(scan(overlay, "a", "z") == before);
    overlay.clear();
    CHECK(scan(overlay, "a", "z") == Pairs{{"a", "0"}, {"b", "0"}});
}

TEST_CASE("overlay: any changes and rollbacks equal those on a plain map", "[fast]") {
    Prng prng(11);
    for (int round = 0; round < 500; ++round) {
        MapView base;
        for (std::uint64_t i = prng.below(8); i > 0; --i) base.put(small_key(prng), "base");
        KvOverlay overlay(base);
        MapView model = base;
        MapView marked = base;
        for (std::uint64_t i = prng.below(30); i > 0; --i) {
            const Bytes key = small_key(prng);
            switch (prng.below(6)) {
                case 0: overlay.mark(), marked = model; break;
                case 1: overlay.rollback(), model = marked; break;
                case 2: overlay.remove(key), model.remove(key); break;
                default: overlay.put(key, std::to_string(i)), model.put(key, std::to_string(i));
            }
        }
        const Bytes from = small_key(prng);
        const Bytes to = small_key(prng);
        const std::size_t most = prng.below(6);
        CHECK(scan(overlay, from, to) == scan(model, from, to));
        CHECK(scan(overlay, from, to, most) == scan(model, from, to, most));
        overlay.append_to(base);
        CHECK(base.map == model.map);
    }
}

TEST_CASE("overlay: an error of the base is the reader's error", "[fast]") {
    MapView base;
    base.map = {{"a", "0"}, {"b", "0"}};
    KvOverlay overlay(base);
    overlay.put("c", "1");
    base.reads_until_failure = 1;
    const Result<void> read = overlay.for_each("a", "z", [](BytesView, BytesView) { return true; });
    CHECK(read.code() == ErrorCode::io_error);
    base.reads_until_failure = UINT64_MAX;
    overlay.put("d", "1");  // The failed iteration does not count as going on.
    CHECK(scan(overlay, "a", "z").size() == 4);
}
