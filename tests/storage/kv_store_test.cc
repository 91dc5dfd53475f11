// SPDX-License-Identifier: Apache-2.0
#include "storage/kv_store.h"

#include <catch2/catch.hpp>

#include "base/crc32c.h"
#include "tests/support/fake_world.h"

namespace geode::storage::test {
namespace {

using geode::test::all_losses;
using geode::test::DiskOperation;
using geode::test::FakeWorld;
using geode::test::Loss;
using geode::test::MemoryDisk;

constexpr KvOptions small{64 * 1024, 64 * 1024, 1024 * 1024};  // as small as LevelDB allows

std::string key_of(std::uint64_t number) {
    Bytes key = "k";
    append_big64(key, number);
    return key;
}

// Incompressible, and different for every write.
std::string value_of(std::uint64_t number, std::size_t size) {
    Prng prng(number);
    Bytes value;
    while (value.size() < size) append_little(value, prng.next());
    return value;
}

Result<void> with_store(MemoryDisk& disk, UniqueFunction<void(KvStore&)> body) {
    FakeWorld world(disk);
    Result<void> opened;
    world.run([&] {
        auto store = KvStore::open(world, "kv", small);
        if (store) {
            body(**store);
        } else {
            opened = store.error();
        }
    });
    return opened;
}

Result<void> put(KvStore& store, BytesView key, BytesView value) {
    return store.access([&](KvAccess& access) {
        KvBatch batch;
        batch.put(key, value);
        return access.write(batch);
    });
}

Result<std::optional<Bytes>> get(KvStore& store, BytesView key) {
    return store.access([&](KvAccess& access) { return access.get(key); });
}

std::vector<std::string> keys(KvStore& store, KvRange range, const KvSnapshot* at = nullptr) {
    std::vector<std::string> found;
    REQUIRE(store.access([&](KvAccess& access) {
        return access.for_each(
            range,
            [&](BytesView key, BytesView) {
                found.emplace_back(key);
                return true;
            },
            at);
    }));
    return found;
}

struct Load {
    std::uint64_t writes;
    std::size_t value_bytes;
    std::uint64_t durable_every;
};

struct LifeOutcome {
    std::uint64_t submitted = 0;
    std::uint64_t durable = 0;
};

// Write i puts key i, removes key i - 10, overwrites "last", and says so in "applied".
LifeOutcome live(MemoryDisk& disk, const Load& load) {
    LifeOutcome outcome;
    (void)with_store(disk, [&](KvStore& store) {
        for (std::uint64_t i = 1; i <= load.writes; ++i) {
            KvBatch batch;
            batch.put(key_of(i), value_of(i, load.value_bytes));
            if (i > 10) batch.remove(key_of(i - 10));
            batch.put("last", value_of(i, 40));
            batch.put("applied", std::to_string(i));
            outcome.submitted = i;
            if (!store.access([&](KvAccess& access) { return access.write(batch); })) return;
            if (i % load.durable_every != 0) continue;
            if (!store.make_durable()) return;
            outcome.durable = i;
        }
    });
    return outcome;
}

// The store must hold the effect of exactly the first `applied` writes.
std::uint64_t check_prefix(KvStore& store, const Load& load) {
    const auto applied = get(store, "applied");
    REQUIRE(applied);
    const std::uint64_t count = applied->has_value() ? std::stoull(**applied) : 0;
    std::vector<std::string> expected;
    if (count > 0) expected = {"applied"};
    for (std::uint64_t i = count > 10 ? count - 9 : 1; i <= count; ++i) {
        expected.push_back(key_of(i));
        const auto value = get(store, key_of(i));
        REQUIRE(value);
        REQUIRE(value->has_value());
        REQUIRE(**value == value_of(i, load.value_bytes));
    }
    if (count > 0) expected.emplace_back("last");
    REQUIRE(keys(store, {}) == expected);
    if (count > 0) REQUIRE(get(store, "last").value() == value_of(count, 40));
    return count;
}

void sweep_crashes(const Load& load, std::uint64_t stride, int tries) {
    MemoryDisk measured;
    live(measured, load);
    const std::uint64_t mutations = measured.mutations();
    Prng prng(11);
    for (std::uint64_t point = 0; point <= mutations; point += stride) {
        for (const Loss loss : all_losses) {
            const bool drawn = loss == Loss::torn || loss == Loss::shuffled;
            for (int i = 0; i < (drawn ? tries : 1); ++i) {
                MemoryDisk disk;
                disk.die_at(point);
                const LifeOutcome outcome = live(disk, load);
                disk.crash(loss, prng);
                if (i == 1) {  // die within the recovery as well
                    disk.die_at(prng.below(12));
                    (void)with_store(disk, [](KvStore&) {});
                    disk.crash(loss, prng);
                }
                INFO("crash point " << point << " loss " << static_cast<int>(loss));
                std::uint64_t applied = 0;
                const auto opened = with_store(disk, [&](KvStore& store) {
                    applied = check_prefix(store, load);
                    REQUIRE(applied >= outcome.durable);
                    REQUIRE(applied <= outcome.submitted);
                    REQUIRE(put(store, "last", "goes on"));
                    REQUIRE(store.make_durable());
                });
                INFO((opened ? "" : opened.error().describe()));
                REQUIRE(opened);
                disk.crash(Loss::all, prng);
                REQUIRE(with_store(disk, [&](KvStore& store) {
                    REQUIRE(get(store, "last").value() == "goes on");
                    REQUIRE(put(store, "last", value_of(applied, 40)));
                    if (applied > 0) REQUIRE(check_prefix(store, load) == applied);
                }));
            }
        }
    }
}

TEST_CASE("kv: get, put, remove, overwrite", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, [](KvStore& store) {
        CHECK(get(store, "a").value() == std::nullopt);
        REQUIRE(put(store, "a", "1"));
        REQUIRE(put(store, "b", ""));
        REQUIRE(put(store, "a", "2"));
        CHECK(get(store, "a").value() == "2");
        CHECK(get(store, "b").value() == "");
        KvBatch batch;
        batch.put("c", std::string(3, '\0'));
        batch.remove("a");
        batch.remove("absent");
        batch.put("c", "later changes win");
        CHECK(batch.count() == 4);
        REQUIRE(store.access([&](KvAccess& access) { return access.write(batch); }));
        CHECK(keys(store, {}) == std::vector<std::string>{"b", "c"});
        CHECK(get(store, "c").value() == "later changes win");
        batch.clear();
        CHECK(batch.empty());
        REQUIRE(store.access([&](KvAccess& access) { return access.write(batch); }));
    }));
    REQUIRE(with_store(disk, [](KvStore& store) {  // closed and opened again without a crash
        CHECK(keys(store, {}) == std::vector<std::string>{"b", "c"});
    }));
}

TEST_CASE("kv: iteration keeps to its range and stops when told", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, [](KvStore& store) {
        for (const char* key : {"a", "b", "ba", "c", "\xff"}) REQUIRE(put(store, key, key));
        CHECK(keys(store, {"b", "c"}) == std::vector<std::string>{"b", "ba"});
        CHECK(keys(store, {"bb", ""}) == std::vector<std::string>{"c", "\xff"});
        CHECK(keys(store, {"", "a"}).empty());
        CHECK(keys(store, {"c", "a"}).empty());
        int visits = 0;
        REQUIRE(store.access([&](KvAccess& access) {
            return access.for_each({}, [&](BytesView, BytesView) { return ++visits < 2; });
        }));
        CHECK(visits == 2);
    }));
}

TEST_CASE("kv: a snapshot stays as it was taken", "[fast]") {
    MemoryDisk disk;
    std::unique_ptr<KvSnapshot> outlives;
    REQUIRE(with_store(disk, [&](KvStore& store) {
        REQUIRE(put(store, "a", "1"));
        const auto take = [](KvAccess& access) { return access.snapshot(); };
        auto before = store.access(take).value();
        const auto digest = [&](const KvSnapshot* at) {
            return store.access([&](KvAccess& access) { return access.digest({}, at); }).value();
        };
        const KvDigest then = digest(before.get());
        CHECK(then.count == 1);
        for (std::uint64_t i = 0; i < 200; ++i) {
            REQUIRE(put(store, key_of(i), value_of(i, 2000)));
        }
        REQUIRE(put(store, "a", "2"));
        CHECK(keys(store, {}, before.get()) == std::vector<std::string>{"a"});
        CHECK(
            store.access([&](KvAccess& access) { return access.get("a", before.get()); }).value() ==
            "1");
        CHECK(digest(before.get()) == then);
        CHECK_FALSE(digest(nullptr) == then);
        before.reset();
        outlives = store.access(take).value();
    }));
}

TEST_CASE("kv: equal contents give equal digests, whatever the history", "[fast]") {
    const auto digest_after = [](bool reversed, std::optional<std::string> change) {
        MemoryDisk disk;
        KvDigest digest;
        REQUIRE(with_store(disk, [&](KvStore& store) {
            for (std::uint64_t i = 0; i < 50; ++i) {
                const std::uint64_t number = reversed ? 49 - i : i;
                REQUIRE(put(store, key_of(number), "old"));
                REQUIRE(put(store, key_of(number), value_of(number, 3000)));
            }
            if (change) REQUIRE(put(store, *change, "x"));
            digest = store.access([](KvAccess& access) { return access.digest({}); }).value();
        }));
        return digest;
    };
    CHECK(digest_after(false, {}) == digest_after(true, {}));
    CHECK_FALSE(digest_after(false, {}) == digest_after(false, "a"));
    CHECK_FALSE(digest_after(false, {}) == digest_after(false, key_of(7)));
}

TEST_CASE("kv: accesses are one at a time and survive a cancelled caller", "[fast]") {
    MemoryDisk disk;
    FakeWorld world(disk);
    world.run([&] {
        auto store = KvStore::open(world, "kv", small).value();
        for (int steps = 0; steps < 8; ++steps) {
            std::vector<FiberHandle> fibers;
            for (std::uint64_t i = 0; i < 4; ++i) {
                fibers.push_back(world.spawn("writer", [&, i] {
                    // Apart from the check: Killed must not pass through the test library.
                    const auto written = put(*store, key_of(i), "v");
                    REQUIRE(written);
                }));
            }
            for (int s = 0; s < steps; ++s) world.scheduler().yield();
            fibers[static_cast<std::size_t>(steps) % 4].cancel();
            for (FiberHandle& fiber : fibers) fiber.join();
            REQUIRE(put(*store, "after", "a"));
        }
    });
}

TEST_CASE("kv: the same calls make the same files", "[fast]") {
    const Load load{120, 4000, 1000};
    MemoryDisk first;
    MemoryDisk second;
    live(first, load);
    live(second, load);
    REQUIRE(first.files() == second.files());
    CHECK(first.files().size() > 5);
    for (const std::string& path : first.files()) {
        CHECK(first.contents(path) == second.contents(path));
    }
}

TEST_CASE("kv: a crash at any disk operation leaves a prefix of the writes", "[fast]") {
    sweep_crashes({50, 4000, 7}, 1, 2);
}

TEST_CASE("kv: a crash at any disk operation, with compactions", "[slow]") {
    sweep_crashes({300, 3000, 50}, 1, 6);
}

TEST_CASE("kv: a failed disk operation is an error and poisons", "[fast]") {
    const Load load{40, 4000, 7};
    MemoryDisk measured;
    std::uint64_t operations = 0;
    measured.fault = [&](const DiskOperation&) -> std::optional<ErrorCode> {
        ++operations;
        return std::nullopt;
    };
    live(measured, load);
    for (std::uint64_t failing = 0; failing < operations; ++failing) {
        MemoryDisk disk;
        std::uint64_t seen = 0;
        bool failed = false;
        disk.fault = [&](const DiskOperation&) -> std::optional<ErrorCode> {
            failed = seen++ == failing;
            return failed ? std::optional(ErrorCode::io_error) : std::nullopt;
        };
        std::uint64_t after_failure = 0;
        LifeOutcome outcome = live(disk, load);
        disk.fault = nullptr;
        Prng prng(failing);
        disk.crash(Loss::shuffled, prng);
        INFO("failing operation " << failing);
        REQUIRE(
            with_store(disk, [&](KvStore& store) { after_failure = check_prefix(store, load); }));
        REQUIRE(after_failure >= outcome.durable);
        REQUIRE(after_failure <= outcome.submitted);
    }
}

TEST_CASE("kv: after a failed sync everything fails until it is opened again", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, [&](KvStore& store) {
        REQUIRE(put(store, "a", "1"));
        disk.fault = [](const DiskOperation& operation) -> std::optional<ErrorCode> {
            if (operation.kind == "sync") return ErrorCode::disk_full;
            return std::nullopt;
        };
        CHECK(store.make_durable().code() == ErrorCode::disk_full);
        disk.fault = nullptr;
        CHECK(store.make_durable().code() == ErrorCode::io_error);
        CHECK(put(store, "a", "2").code() == ErrorCode::io_error);
        CHECK(get(store, "a").code() == ErrorCode::io_error);
    }));
}

TEST_CASE("kv: no flipped bit in a table goes unnoticed", "[fast]") {
    const Load load{40, 4000, 1000};
    MemoryDisk disk;
    live(disk, load);
    Prng prng(2);
    for (const std::string& path : disk.files()) {
        if (!path.ends_with(".ldb")) continue;
        const std::string whole = disk.contents(path);
        for (std::size_t at = prng.below(97); at < whole.size(); at += 97) {
            std::string flipped = whole;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << prng.below(8)));
            disk.corrupt(path, flipped);
            std::size_t seen = 0;
            Result<void> read;
            const auto opened = with_store(disk, [&](KvStore& store) {
                read = store.access([&](KvAccess& access) {
                    return access.for_each({}, [&](BytesView key, BytesView value) {
                        const bool numbered = key.size() == 9;
                        if (numbered) {
                            REQUIRE(value == value_of(read_big64(key, 1), load.value_bytes));
                        }
                        ++seen;
                        return true;
                    });
                });
            });
            INFO(path << " byte " << at << " of " << whole.size());
            // The filter and padding are not read by a scan; everything else must be an error.
            if (opened && read) CHECK(seen == 12);
            if (opened && !read) CHECK(read.code() == ErrorCode::corrupt);
        }
        disk.corrupt(path, whole);
        live(disk, {0, 0, 1});
    }
}

TEST_CASE("kv: a value changed below LevelDB's own checksums is corrupt", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, [](KvStore& store) {
        REQUIRE(put(store, "key", "the value"));
        REQUIRE(put(store, "other", "value"));
    }));
    std::string path;
    for (const std::string& file : disk.files()) {
        if (file.ends_with(".log")) path = file;
    }
    std::string bytes = disk.contents(path);
    bytes[bytes.find("the value")] ^= 1;
    // Make LevelDB's record checksum right again: u32 masked CRC, u16 length, u8 type, data.
    const auto length = read_little<std::uint16_t>(bytes, 4);
    const std::uint32_t crc = crc32c(BytesView(bytes).substr(6, 1 + std::size_t{length}));
    const std::uint32_t masked = ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
    std::memcpy(bytes.data(), &masked, sizeof masked);
    disk.corrupt(path, bytes);
    REQUIRE(with_store(disk, [](KvStore& store) {
        CHECK(get(store, "key").code() == ErrorCode::corrupt);
        CHECK(store.access([](KvAccess& access) { return access.digest({}); }).code() ==
              ErrorCode::corrupt);
        CHECK(get(store, "other").value() == "value");  // not poisoned
    }));
}

TEST_CASE("kv: damage in a manifest is corrupt, a torn end is not", "[fast]") {
    const Load load{60, 4000, 7};
    MemoryDisk disk;
    live(disk, load);
    const auto current_manifest = [&] {
        std::string current = disk.contents("kv/CURRENT");
        current.pop_back();  // the newline
        return "kv/" + current;
    };
    std::string manifest = current_manifest();
    const std::string whole = disk.contents(manifest);
    for (std::size_t at = 0; at < 20; ++at) {
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ 4);
        disk.corrupt(manifest, flipped);
        const auto opened = with_store(disk, [](KvStore&) {});
        REQUIRE_FALSE(opened);
        CHECK(opened.code() == ErrorCode::corrupt);
        REQUIRE(disk.contents(manifest) == flipped);
    }
    disk.corrupt(manifest, whole);
    // The last record lost a sector: u32 checksum, u16 length 20, u8 type 1, zeros.
    const std::string torn = "\x01\x02\x03\x04\x14" + std::string("\0\x01", 2);
    for (const std::string& end : {torn, torn + std::string(20, '\0'), std::string(40, '\0')}) {
        disk.corrupt(manifest, disk.contents(manifest) + end);
        const auto opened =
            with_store(disk, [&](KvStore& store) { CHECK(check_prefix(store, load) == 60); });
        INFO((opened ? "" : opened.error().describe()));
        CHECK(opened);
        manifest = current_manifest();  // each opening writes a new one
    }
}

TEST_CASE("kv: a new log waits for the previous one and for its own name", "[fast]") {
    MemoryDisk disk;
    std::map<std::string, std::string, std::less<>> last_on;  // last operation on each path
    std::string current;
    bool named = false;
    int rotations = 0;
    disk.fault = [&](const DiskOperation& operation) -> std::optional<ErrorCode> {
        const bool log = operation.path.ends_with(".log");
        if (log && operation.kind == "create") {
            if (!current.empty()) CHECK(last_on[current] == "sync");
            current = operation.path;
            named = false;
            ++rotations;
        }
        if (log && operation.kind == "append") CHECK(named);
        if (operation.kind == "sync_dir") named = true;
        last_on[std::string(operation.path)] = operation.kind;
        return std::nullopt;
    };
    live(disk, {60, 4000, 1000});
    CHECK(rotations >= 4);
}

TEST_CASE("kv: a store in use is locked", "[fast]") {
    MemoryDisk disk;
    REQUIRE(with_store(disk, [&](KvStore&) {
        // A second process: its own World over the same disk.
        const auto held = disk.lock("kv/LOCK");
        CHECK(held.code() == ErrorCode::locked);
    }));
    const auto held = disk.lock("kv/LOCK").value();
    CHECK(with_store(disk, [](KvStore&) {}).code() == ErrorCode::locked);
}

}  // namespace
}  // namespace geode::storage::test
