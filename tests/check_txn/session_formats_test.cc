// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_formats.h"

#include <catch2/catch.hpp>

namespace geode::check::txn {
namespace {

SessionHistory read(std::string_view text) {
    const auto format = detect_session_format(text);
    REQUIRE(format.has_value());
    auto parsed = parse_session_history(text, "test", *format);
    if (!parsed) FAIL(parsed.error().message);
    return *std::move(parsed);
}

std::vector<std::string> words(const SessionHistory& recorded) {
    std::vector<std::string> all;
    for (const Transaction& transaction : recorded.history.transactions) {
        const bool ok = transaction.completion == Completion::ok;
        all.push_back(std::to_string(transaction.process) + (ok ? ": " : " aborted: ") +
                      describe(recorded.history, transaction));
    }
    return all;
}

std::string error_of(std::string_view text, SessionFormat format) {
    const auto parsed = parse_session_history(text, "file", format);
    REQUIRE(!parsed);
    CHECK(parsed.code() == ErrorCode::invalid_argument);
    return parsed.error().message;
}

using Words = std::vector<std::string>;

TEST_CASE("sessions: dbcop's brackets", "[fast]") {
    const SessionHistory recorded = read("// two sessions\n[x:=1  y==?] [x==1]!\n\n----\n[x==0]\n");
    CHECK(words(recorded) == Words{"0: write \"x\" 1, read \"y\" = nil", "0 aborted: read \"x\"",
                                   "1: read \"x\" = 0"});
    CHECK_FALSE(recorded.history.timed);
    CHECK(recorded.initial ==
          recorded.history.values.find({.kind = ValueKind::integer, .integer = 0}));
    for (const auto& [text, line] : {std::pair{"[x:=1", 1},
                                     {"[x=1]", 1},
                                     {"[x:=1]\nx", 2},
                                     {"\n[:=1]", 2},
                                     {"[x:=-1]", 1},
                                     {"[x:=99999999999999999999]", 1}}) {
        const std::string message = error_of(text, SessionFormat::dbcop);
        CAPTURE(message);
        CHECK(message.starts_with("file:" + std::to_string(line) + ": expected "));
    }
}

TEST_CASE("sessions: dbcop's transactions that do nothing", "[fast]") {
    CHECK(words(read("[]\n[x:=1]\n")).back() == "0: write \"x\" 1");
    CHECK(words(read("[]\n---\n[]!\n")).size() == 2);
    CHECK_FALSE(detect_session_format("[]\n").has_value());  // nothing happened, in any notation
    CHECK_FALSE(detect_session_format("[]\n{:process 0}").has_value());
}

TEST_CASE("sessions: AWDIT's lines", "[fast]") {
    const SessionHistory recorded = read("w 0 1\nr  1 2\n-----\nr 0 1\n=====\nw 1 2\n");
    CHECK(words(recorded) == Words{"0: write 0 1, read 1 = 2", "0: read 0 = 1", "1: write 1 2"});
    CHECK_FALSE(recorded.initial.has_value());
    for (const char* const text : {"w 0", "x 0 1", "w 0 1 2", "w a 1", "w  1"}) {
        CHECK(error_of(text, SessionFormat::awdit).starts_with("file:1: expected "));
    }
}

TEST_CASE("sessions: Plume's lines, also if transactions interleave", "[fast]") {
    const SessionHistory recorded =
        read("w(5,1,7,0)\nr(6,0,8,1)\nr(6,0,7,0)\nw(5,9,7,-1)\nw(5,2,7,2)\n");
    CHECK(words(recorded) == Words{"7: write 5 1, read 6 = 0", "8: read 6 = 0",
                                   "7 aborted: write 5 9", "7: write 5 2"});
    for (const char* const text :
         {"w(1,2,3)", "w(1,2,3,4,5)", "w(1,2,3,4", "q(1,2,3,4)", "w(1,2,3,-2)", "w(,2,3,4)"}) {
        CHECK(error_of(text, SessionFormat::plume).starts_with("file:1: expected "));
    }
}

std::string number(std::int64_t value) {
    std::string bytes;
    for (int byte = 0; byte < 8; ++byte) {
        bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * byte) & 0xff));
    }
    return bytes;
}

std::string event(bool writes, std::int64_t key, std::int64_t value, bool done = true) {
    return std::string(1, writes ? '\1' : '\0') + number(key) + number(value) +
           std::string(1, done ? '\1' : '\0');
}

const std::string header = number(0) + number(1) + number(2) + number(3) + number(4) + number(2) +
                           "pg" + number(0) + number(0);

TEST_CASE("sessions: PolySI's bytes", "[fast]") {
    const std::string yes(1, '\1');
    const std::string no(1, '\0');
    const SessionHistory recorded =
        read(header + number(2) + number(1) + number(2) + event(true, 5, 1) + event(false, 6, 0) +
             yes + number(2) + number(1) + event(false, 5, 1) + no + number(2) +
             event(true, 5, 3, false) + event(true, 5, 2) + yes);
    CHECK(words(recorded) == Words{"0: write 5 1, read 6 = 0", "1 aborted: read 5", "1: write 5 2",
                                   "1 aborted: write 5 3"});
}

TEST_CASE("sessions: PolySI's counts are not believed", "[fast]") {
    const std::string yes(1, '\1');
    for (const std::int64_t hostile : {std::int64_t{-1}, std::int64_t{2}, INT64_MAX}) {
        CHECK(error_of(header + number(hostile), SessionFormat::polysi)
                  .starts_with("file: byte 66: expected "));
        CHECK(error_of(header + number(1) + number(hostile), SessionFormat::polysi)
                  .starts_with("file: byte 74: expected "));
        CHECK(error_of(header + number(1) + number(1) + number(hostile) + event(true, 1, 1),
                       SessionFormat::polysi)
                  .starts_with("file: byte 82: expected "));
    }
    const std::string whole = header + number(1) + number(1) + number(1) + event(true, 5, 1) + yes;
    CHECK(parse_session_history(whole, "file", SessionFormat::polysi).has_value());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CHECK_FALSE(parse_session_history(whole.substr(0, length), "file", SessionFormat::polysi)
                        .has_value());
    }
    CHECK_FALSE(parse_session_history(whole + yes, "file", SessionFormat::polysi).has_value());
}

std::string large(char tag, std::initializer_list<std::int64_t> numbers) {
    std::string bytes(1, tag);
    for (const std::int64_t value : numbers) {
        const std::string little = number(value);
        bytes.append(little.rbegin(), little.rend());
    }
    return bytes;
}

TEST_CASE("sessions: Cobra's logs, one for each session", "[fast]") {
    const std::string first = large('S', {7}) + large('W', {1, 5, 99}) + large('C', {7}) +
                              large('S', {8}) + large('R', {7, 1, 5, 99}) +
                              large('R', {0xbebeebee, 3, 6, 0}) +
                              large('R', {4, 0xdeadbeef, 6, 0}) + large('C', {8});
    const std::string second = large('S', {9}) + large('W', {1, 5, 98}) +
                               large('R', {9, 1, 5, 98}) + large('A', {9}) + large('S', {10}) +
                               large('W', {2, 5, 97});
    CHECK(detect_session_format(first) == SessionFormat::cobra);
    const std::vector<NamedText> logs = {{"T0.log", first}, {"T1.log", second}, {"T2.log", ""}};
    const auto recorded = parse_session_logs(logs);
    REQUIRE(recorded);
    // The number of a write names its version; a second transaction's, and one that nobody has,
    // not.
    CHECK(words(*recorded) == Words{"0: write 5 1", "0: read 5 = 1, read 6 = nil, read 6 = nil",
                                    "1 aborted: write 5 \"9:1\", read 5", "1 aborted: write 5 2"});
    CHECK(recorded->history.transactions[3].completion == Completion::unknown);
    CHECK(recorded->history.transactions[1].source == 8);
    CHECK_FALSE(recorded->history.timed);
    CHECK_FALSE(recorded->initial.has_value());
}

TEST_CASE("sessions: Cobra's logs are not believed", "[fast]") {
    const auto refused = [](const std::string& log) {
        const std::string good = large('S', {1}) + large('C', {1});
        const std::vector<NamedText> logs = {{"T0.log", good}, {"T1.log", log}};
        const auto parsed = parse_session_logs(logs);
        return parsed ? std::string("accepted") : parsed.error().message;
    };
    const std::string start = large('S', {1});
    CHECK(refused(start + large('C', {2})) == "T1.log: byte 9: expected an event of transaction 1");
    CHECK(refused(start + start) == "T1.log: byte 9: expected an event of transaction 1");
    CHECK(refused(large('C', {1})) == "T1.log: byte 0: expected S: the start of a transaction");
    CHECK(refused(large('W', {1, 2, 3})) ==
          "T1.log: byte 0: expected S: the start of a transaction");
    CHECK(refused(start + "x") == "T1.log: byte 9: expected C, A, W or R");
    const std::string whole = start + large('R', {1, 2, 3, 4}) + large('W', {1, 2, 3});
    CHECK(refused(whole) == "accepted");
    for (std::size_t length = 1; length < whole.size(); ++length) {
        const bool between = length == 9 || length == 42;
        CHECK((refused(whole.substr(0, length)) == "accepted") == between);
    }
}

TEST_CASE("sessions: other notations are left alone", "[fast]") {
    for (const char* const text :
         {"", "\n", "{:type :ok}", "[{:type :ok}]", "[{\"type\":\"ok\"}]", "[[:w 1 2]]", "words"}) {
        CAPTURE(text);
        CHECK_FALSE(detect_session_format(text).has_value());
    }
}

}  // namespace
}  // namespace geode::check::txn
