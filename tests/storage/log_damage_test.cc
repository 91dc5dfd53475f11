// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "storage/log_recovery.h"
#include "tests/storage/log_model.h"
#include "tests/support/fake_world.h"

namespace geode::storage::test {
namespace {

using geode::test::FakeWorld;
using geode::test::MemoryDisk;

constexpr LogOptions options{500, false};

struct Opened {
    std::optional<Error> error;
    ModelState state;
};

Opened open(MemoryDisk& disk) {
    Opened opened;
    FakeWorld world(disk);
    world.run([&] {
        auto store = LogStore::open(world, "log", options);
        if (store) {
            opened.state = take_state(**store);
        } else {
            opened.error = store.error();
        }
    });
    return opened;
}

// Writes `count` batches of two entries each; returns the state after each, and the ends of the
// batches as sizes of their segment file.
struct Written {
    std::vector<ModelState> states;
    std::vector<std::pair<std::string, std::size_t>> ends;  // file, its size after the batch
};

Written write_batches(MemoryDisk& disk, std::uint64_t count) {
    Written written;
    std::vector<ModelState> history{ModelState{}};
    FakeWorld world(disk);
    world.run([&] {
        auto store = LogStore::open(world, "log", options).value();
        for (std::uint64_t i = 0; i < count; ++i) {
            ModelOperation operation;
            operation.index = 2 * i + 1;
            operation.payloads = {std::string(20 + i, 'p'), "q"};
            REQUIRE(run_operation(*store, operation));
            apply_operation(operation, history);
            written.states.push_back(history.back());
            const std::string file = disk.files().back();
            written.ends.emplace_back(file, disk.contents(file).size());
        }
    });
    return written;
}

TEST_CASE("log: a torn tail of every length is cut, with any bytes after it", "[fast]") {
    MemoryDisk disk;
    const Written written = write_batches(disk, 3);
    REQUIRE(disk.files().size() == 1);
    const std::string path = disk.files().back();
    const std::string whole = disk.contents(path);
    const std::size_t start = written.ends[1].second;
    Prng prng(3);
    for (std::size_t length = start; length < whole.size(); ++length) {
        for (const int filling : {0, 1, 2}) {
            std::string torn = whole.substr(0, length);
            if (filling == 1) torn.resize(whole.size());
            while (filling == 2 && torn.size() < whole.size()) {
                torn.push_back(static_cast<char>(prng.below(256)));
            }
            disk.corrupt(path, torn);
            const Opened opened = open(disk);
            INFO("length " << length << " filling " << filling
                           << (opened.error ? opened.error->describe() : ""));
            REQUIRE_FALSE(opened.error);
            std::vector<ModelState> allowed{written.states[1], written.states[2]};
            allowed.push_back(written.states[2]);
            allowed.back()[1].entries.pop_back();  // one of the batch's two entries
            REQUIRE(std::find(allowed.begin(), allowed.end(), opened.state) != allowed.end());
            REQUIRE(open(disk).state == opened.state);
        }
    }
}

TEST_CASE("log: what follows a torn record never comes back", "[fast]") {
    MemoryDisk disk;
    const Written written = write_batches(disk, 2);
    const std::string path = disk.files().back();
    std::string torn = disk.contents(path);
    torn[written.ends[0].second + record_header_bytes] ^= 1;  // the batch's first entry of two
    disk.corrupt(path, torn);
    REQUIRE(open(disk).state == written.states[0]);
    // As long as the torn one was, so the second old entry would follow it.
    ModelOperation operation;
    operation.index = 3;
    operation.payloads = {std::string(21, 'n')};
    FakeWorld world(disk);
    world.run([&] {
        auto store = LogStore::open(world, "log", options).value();
        REQUIRE(run_operation(*store, operation));
    });
    std::vector<ModelState> history{written.states[0]};
    apply_operation(operation, history);
    CHECK(open(disk).state == history.back());
}

TEST_CASE("log: a bit flipped before the last batch is corrupt, wherever it is", "[fast]") {
    MemoryDisk disk;
    const Written written = write_batches(disk, 9);
    const std::vector<std::string> files = disk.files();
    REQUIRE(files.size() == 3);
    REQUIRE(written.ends[7].first == files.back());  // two batches in the last segment
    Prng prng(5);
    for (const std::string& path : files) {
        const std::string whole = disk.contents(path);
        const bool last = path == files.back();
        const std::size_t end = last ? written.ends[7].second : whole.size();
        for (std::size_t at = 0; at < end; ++at) {
            std::string flipped = whole;
            flipped[at] = static_cast<char>(flipped[at] ^ (1 << prng.below(8)));
            disk.corrupt(path, flipped);
            const Opened opened = open(disk);
            INFO(path << " byte " << at << " of " << whole.size());
            REQUIRE(opened.error);
            REQUIRE(opened.error->code == ErrorCode::corrupt);
            REQUIRE(opened.error->message.find(path) != std::string::npos);
            REQUIRE(disk.contents(path) == flipped);  // nothing was touched
        }
        disk.corrupt(path, whole);
    }
    CHECK(open(disk).state == written.states.back());
}

TEST_CASE("log: a missing, truncated, swapped or stale segment is corrupt", "[fast]") {
    MemoryDisk disk;
    write_batches(disk, 14);
    const std::vector<std::string> files = disk.files();
    REQUIRE(files.size() >= 4);
    for (std::size_t i = 0; i + 1 < files.size(); ++i) {
        const std::string whole = disk.contents(files[i]);
        INFO(files[i]);
        SECTION("missing " + files[i]) {
            REQUIRE(disk.remove(files[i]));
            const Opened opened = open(disk);
            REQUIRE(opened.error);
            CHECK(opened.error->code == ErrorCode::corrupt);
        }
        SECTION("truncated " + files[i]) {
            for (std::size_t size = 0; size < whole.size(); ++size) {
                disk.corrupt(files[i], whole.substr(0, size));
                REQUIRE(open(disk).error);
            }
        }
        SECTION("holds another segment's bytes " + files[i]) {
            disk.corrupt(files[i], disk.contents(files[i + 1]));
            const Opened opened = open(disk);
            REQUIRE(opened.error);
            CHECK(opened.error->code == ErrorCode::corrupt);
        }
    }
}

TEST_CASE("log: a segment whose head was not finished is dropped", "[fast]") {
    MemoryDisk disk;
    const Written written = write_batches(disk, 5);
    REQUIRE(written.ends[3].first != written.ends[4].first);  // the last batch began a segment
    const std::string path = written.ends[4].first;
    const std::string whole = disk.contents(path);
    const std::size_t start_bytes = record_bytes(segment_magic.size());
    const std::size_t head_bytes = start_bytes + record_bytes(16);
    for (std::size_t size = 0; size < head_bytes; ++size) {
        disk.corrupt(path, whole.substr(0, size));
        REQUIRE(open(disk).state == written.states[3]);
        const std::vector<std::string> files = disk.files();
        REQUIRE(std::find(files.begin(), files.end(), path) == files.end());
        REQUIRE(disk.open(path, OpenMode::create_new));
    }
}

TEST_CASE("log: a segment of a newer format is unsupported", "[fast]") {
    MemoryDisk disk;
    write_batches(disk, 1);
    LogRecord start;
    start.type = RecordType::segment_start;
    start.term = Term(segment_format_version + 1);
    start.payload = segment_magic;
    Bytes bytes;
    append_record(bytes, 1, start);
    disk.corrupt(disk.files().front(), bytes);
    const Opened opened = open(disk);
    REQUIRE(opened.error);
    CHECK(opened.error->code == ErrorCode::unsupported);
}

TEST_CASE("log: the record format is as documented", "[fast]") {
    LogRecord record;
    record.type = RecordType::entry;
    record.entry_type = 7;
    record.group = GroupId(3);
    record.index = LogIndex(0x0102);
    record.term = Term(5);
    record.durable_below = 16;
    record.payload = "hello";
    Bytes bytes;
    append_record(bytes, 1, record);
    std::string hex;
    for (const char byte : bytes) {
        constexpr char digits[] = "0123456789abcdef";
        hex.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
        hex.push_back(digits[static_cast<unsigned char>(byte) & 15]);
    }
    CHECK(hex ==
          "05000000"
          "e274c58a"
          "10000000"
          "04"
          "07"
          "0000"
          "03000000"
          "00000000"
          "0201000000000000"
          "0500000000000000"
          "68656c6c6f000000");
    CHECK_FALSE(read_record(bytes, 1, 0));  // would have been written before its own batch
    bytes.insert(0, 16, '\0');
    const auto again = read_record(bytes, 1, 16);
    REQUIRE(again);
    CHECK(again->payload == "hello");
    CHECK_FALSE(read_record(bytes, 2, 16));  // bound to its segment
    CHECK_FALSE(read_record(std::string(4096, '\0'), 1, 0));
}

}  // namespace
}  // namespace geode::storage::test
