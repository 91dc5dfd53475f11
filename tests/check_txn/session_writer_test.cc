// SPDX-License-Identifier: Apache-2.0
#include "workloads/check/txn/session_writer.h"

#include <catch2/catch.hpp>

#include "tests/check_txn/register_oracle.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/register.h"

namespace geode::check::txn {
namespace {

constexpr SessionFormat formats[] = {SessionFormat::dbcop, SessionFormat::awdit,
                                     SessionFormat::plume, SessionFormat::polysi,
                                     SessionFormat::cobra};

SessionHistory read(std::string_view edn) {
    auto history = parse_txn_history(edn, "h", TxnObjects::registers);
    if (!history) FAIL(history.error().message);
    return {.history = *std::move(history), .initial = std::nullopt};
}

SessionHistory parse(const std::vector<WrittenFile>& files, SessionFormat format) {
    std::vector<NamedText> texts;
    for (const WrittenFile& file : files) texts.push_back({file.name, file.bytes});
    auto parsed = format == SessionFormat::cobra
                      ? parse_session_logs(texts)
                      : parse_session_history(texts[0].bytes, "f", format);
    if (!parsed) FAIL(parsed.error().message);
    return *std::move(parsed);
}

Verdict verdict_of(const SessionHistory& recorded, std::string_view level) {
    return check_registers(recorded.history,
                           {.level = level, .initial = recorded.initial, .least = KeptOrder::none})
        .verdict;
}

/// What is written keeps its verdicts at the levels that look neither at time nor at sessions, in
/// which a notation may say less.
void check_verdicts(const SessionHistory& recorded, SessionFormat format) {
    const auto written = write_sessions(recorded, format);
    if (!written) return;
    const SessionHistory again = parse(written->files, format);
    for (const std::string_view level :
         {"read-committed", "read-atomic", "snapshot-isolation", "serializable"}) {
        CAPTURE(level, static_cast<int>(format));
        REQUIRE(verdict_of(again, level) == verdict_of(recorded, level));
    }
}

TEST_CASE("session writer: random histories keep their verdicts", "[fast]") {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        CAPTURE(seed);
        const TxnHistory history = oracle::random_history({.keys = 3}, seed);
        for (const SessionFormat format : formats) {
            check_verdicts({.history = history, .initial = std::nullopt}, format);
        }
    }
}

std::string text_of(const SessionHistory& recorded, SessionFormat format) {
    const auto written = write_sessions(recorded, format);
    return written ? written->files.front().bytes : "refused: " + written.error().message;
}

constexpr std::string_view mixed = R"(
    {:process 4 :type :invoke :value [[:w :x 1] [:r :y nil]]}
    {:process 4 :type :ok     :value [[:w :x 1] [:r :y nil]]}
    {:process 2 :type :invoke :value [[:w :y 2] [:r :x nil]]}
    {:process 2 :type :info   :value nil}
    {:process 3 :type :invoke :value [[:w :y 3]]}
    {:process 3 :type :info   :value nil}
    {:process 4 :type :invoke :value [[:r :y nil] [:w :x 5]]}
    {:process 4 :type :fail   :value nil}
    {:process 1 :type :invoke :value [[:r :y nil]]}
    {:process 1 :type :ok     :value [[:r :y 2]]})";

TEST_CASE("session writer: each notation to the letter", "[fast]") {
    std::string edn(mixed);
    CHECK(text_of(read(edn), SessionFormat::dbcop) ==
          "[x1:=1 x2==?]\n[x1:=5]!\n---\n[x2==2]\n---\n[x2:=2]\n");
    for (std::size_t at = 0; (at = edn.find(":x ", at)) != std::string::npos;) edn.erase(at, 1);
    for (std::size_t at = 0; (at = edn.find(":y ", at)) != std::string::npos;) edn.erase(at, 1);
    CHECK(text_of(read(edn), SessionFormat::dbcop) ==
          "[x:=1 y==?]\n[x:=5]!\n---\n[y==2]\n---\n[y:=2]\n");
    CHECK(text_of(read(edn), SessionFormat::plume) ==
          "w(1,1,0,0)\nr(2,0,0,0)\nw(1,5,0,-1)\nr(2,2,1,1)\nw(2,2,2,2)\n");
    CHECK(text_of(read(edn), SessionFormat::awdit) ==
          "refused: the notation has no initial state, and a transaction read from it");
    const std::string plain = R"(
        {:process 0 :type :ok :value [[:w 7 1]]} {:process 0 :type :ok :value []}
        {:process 0 :type :ok :value [[:r 7 1] [:w 8 -2]]}
        {:process 1 :type :ok :value [[:r 8 -2]]})";
    CHECK(text_of(read(plain), SessionFormat::awdit) ==
          "w 7 1\n-----\nr 7 1\nw 8 -2\n=====\nr 8 -2\n");
}

TEST_CASE("session writer: what is left out is noted", "[fast]") {
    const auto notes = [](const SessionHistory& recorded, SessionFormat format) {
        return write_sessions(recorded, format)->notes;
    };
    using Words = std::vector<std::string>;
    const std::string time = "real time is not told";
    const std::string observed =
        "transactions of unknown outcome that were read from are written as committed: 1";
    const std::string unobserved =
        "transactions of unknown outcome that nobody read from are left out: 1";
    CHECK(notes(read(mixed), SessionFormat::polysi) ==
          Words{time, observed, unobserved, "keys are numbered anew"});
    CHECK(notes(read(mixed), SessionFormat::cobra) == Words{time, observed, unobserved,
                                                            "aborted transactions are left out: 1",
                                                            "keys are numbered anew"});
    CHECK(notes(read("{:type :ok :value [[:w 1 :a]]}"), SessionFormat::plume) ==
          Words{"values are numbered anew"});
    CHECK(notes(read("{:type :ok :value [[:w 1 0]]}"), SessionFormat::plume) ==
          Words{"values are numbered anew"});
    CHECK(notes(read("{:type :ok :value [[:w 1 0]]}"), SessionFormat::awdit).empty());
    CHECK(notes(read("{:type :ok :value [[:w 1 2]]}"), SessionFormat::plume).empty());
    CHECK(notes(read("{:type :ok :value [[:w x -2]]}"), SessionFormat::dbcop) ==
          Words{"values are numbered anew"});
}

TEST_CASE("session writer: what no notation can say is refused", "[fast]") {
    for (const SessionFormat format : formats) {
        CHECK(text_of(read("{:type :ok :value [[:w 1 nil]]}"), format) ==
              "refused: expected no write of the initial value, as in (write 1 nil)");
    }
    SessionHistory zero = read("{:type :ok :value [[:r 1 0]]}");
    zero.initial = zero.history.values.integer(0);
    CHECK(text_of(zero, SessionFormat::plume) == "r(1,0,0,0)\n");
    const SessionHistory dirty =
        read("{:process 0 :type :fail :value [[:w 1 2]]} {:process 1 :type :ok :value [[:r 1 2]]}");
    CHECK(text_of(dirty, SessionFormat::plume) == "w(1,2,0,-1)\nr(1,2,1,0)\n");
    for (const SessionFormat format : {SessionFormat::awdit, SessionFormat::cobra}) {
        CHECK(text_of(dirty, format) ==
              "refused: the notation has no aborted transactions, and one was read from in "
              "(read 1 = 2)");
    }
    const SessionHistory doubtful = read(
        "{:process 0 :type :info :value [[:w 1 2]]} {:process 1 :type :ok :value [[:r 1 2]]}"
        "{:process 2 :type :ok :value [[:w 1 2]]}");
    CHECK(text_of(doubtful, SessionFormat::plume) ==
          "refused: expected one write of what was read, unless all committed, as in (read 1 = 2)");
    const SessionHistory twice =
        read("{:process 0 :type :ok :value [[:w 1 2]]} {:process 1 :type :ok :value [[:w 1 2]]}");
    CHECK(text_of(twice, SessionFormat::plume) == "w(1,2,0,0)\nw(1,2,1,1)\n");
    CHECK(text_of(twice, SessionFormat::cobra) ==
          "refused: expected every value to be written to a key once");
}

TEST_CASE("session writer: what nobody wrote is nobody's afterwards", "[fast]") {
    for (const SessionFormat format : formats) {
        const SessionHistory thin_air = read(
            "{:process 0 :type :ok :value [[:w 1 7]]} {:process 1 :type :ok :value [[:r 1 1]]}");
        const SessionHistory again = parse(write_sessions(thin_air, format)->files, format);
        CHECK(verdict_of(again, "read-uncommitted") == Verdict::invalid);
    }
}

TEST_CASE("session writer: a history in which nothing happened", "[fast]") {
    for (const SessionFormat format : formats) {
        const auto written = write_sessions(read(""), format);
        REQUIRE(written);
        REQUIRE(written->files.size() == 1);
        CHECK(parse(written->files, format).history.transactions.empty());
    }
}

}  // namespace
}  // namespace geode::check::txn
