// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/check_bench.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

#include "tools/bench/list_histories.h"
#include "tools/bench/register_histories.h"
#include "tools/bench/rw_histories.h"
#include "workloads/check/formats.h"
#include "workloads/check/judge/judge.h"
#include "workloads/check/linearizability.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/list_append.h"
#include "workloads/check/txn/register.h"

namespace geode::bench {
namespace {

using check::Judgement;
using check::Verdict;

struct Outcome {
    std::uint64_t items = 0;  // transactions or operations
    Verdict verdict = Verdict::valid;
    double seconds = 0;             // judging, of the processor: others on the machine do not count
    std::uint64_t bytes = 0;        // what the checker says it held
    std::uint64_t input_bytes = 0;  // of text, where text is read
    double reading_seconds = 0;     // of that text, if they are not in `seconds`
};

struct Case {
    std::string name;
    std::string level;
    bool slow = false;
    Verdict expected = Verdict::valid;
    std::function<Outcome()> run;
};

/// Seconds of processor time, user and system.
double measure(const std::function<void()>& work) {
    const auto now = [] {
        rusage usage{};
        ::getrusage(RUSAGE_SELF, &usage);
        const auto micros = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
        return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               static_cast<double>(micros) * 1e-6;
    };
    const double begin = now();
    work();
    return now() - begin;
}

Case list_case(Strength strength, std::uint32_t transactions, std::string level, Verdict expected) {
    Case made{.name = "list-append/" + std::string(to_string(strength)) + "/" +
                      std::to_string(transactions),
              .level = std::move(level),
              .slow = transactions > 100'000,
              .expected = expected,
              .run = {}};
    made.run = [=, model = made.level] {
        const auto history =
            make_list_history({.strength = strength, .transactions = transactions});
        check::txn::ListAppendOptions options;
        options.models = {model};
        options.budget.bytes_max = std::uint64_t{4} << 30;
        Judgement judgement;
        const double seconds =
            measure([&] { judgement = check::txn::check_list_append(history, options); });
        return Outcome{transactions, judgement.verdict, seconds, judgement.bytes};
    };
    return made;
}

Case parse_case(std::uint32_t transactions, bool as_edn) {
    return Case{
        .name = std::string("parse/") + (as_edn ? "edn/" : "json/") + std::to_string(transactions),
        .level = "",
        .slow = transactions > 100'000,
        .expected = Verdict::valid,
        .run = [=] {
            const std::string text = [&] {
                const auto history = make_list_history({.transactions = transactions});
                const auto notation = as_edn ? check::Notation::edn : check::Notation::json;
                return check::txn::write_events(history, notation).value();
            }();
            std::size_t read = 0;
            const double seconds = measure([&] {
                const auto history =
                    check::txn::parse_txn_history(text, "made up", check::txn::TxnObjects::lists);
                read = history->transactions.size();
            });
            const bool whole = read == transactions;
            return Outcome{transactions, whole ? Verdict::valid : Verdict::invalid, seconds, 0,
                           text.size()};
        }};
}

/// Reads and writes, half and half: eight to a transaction, a tenth as many keys as transactions.
Case rw_case(Promise promise, std::uint32_t transactions, std::string level, bool timed,
             Verdict expected) {
    const bool serial = promise == Promise::strict_serializable;
    Case made{.name = std::string("rw-register/") + (serial ? "serial/" : "snapshot/") +
                      (timed ? "timed/" : "sessions/") + std::to_string(transactions),
              .level = std::move(level),
              .slow = transactions > 100'000,
              .expected = expected,
              .run = {}};
    made.run = [=, model = made.level] {
        const auto history = make_rw_history({.promise = promise,
                                              .transactions = transactions,
                                              .sessions = 20,
                                              .keys = transactions / 10,
                                              .operations = 8,
                                              .timed = timed},
                                             1);
        Judgement judgement;
        const double seconds = measure([&] {
            judgement = check::txn::check_registers(
                history, {.level = model, .budget = {.bytes_max = std::uint64_t{4} << 30}});
        });
        return Outcome{transactions, judgement.verdict, seconds, judgement.bytes};
    };
    return made;
}

void add_rw_cases(std::vector<Case>& cases) {
    // Write skew. (A million transactions on their hundred thousand keys have none.)
    cases.push_back(
        rw_case(Promise::snapshot_isolation, 10'000, "serializable", true, Verdict::invalid));
    for (const std::uint32_t count : {10'000U, 100'000U}) {
        cases.push_back(rw_case(Promise::snapshot_isolation, count, "strong-session-serializable",
                                false, Verdict::invalid));
    }
    for (const std::uint32_t count : {10'000U, 100'000U, 1'000'000U}) {
        const Promise serial = Promise::strict_serializable;
        const Promise snapshot = Promise::snapshot_isolation;
        cases.push_back(rw_case(serial, count, "strict-serializable", true, Verdict::valid));
        cases.push_back(
            rw_case(serial, count, "strong-session-serializable", false, Verdict::valid));
        cases.push_back(rw_case(serial, count, "causal", false, Verdict::valid));
        cases.push_back(rw_case(snapshot, count, "snapshot-isolation", true, Verdict::valid));
        cases.push_back(
            rw_case(snapshot, count, "strong-session-snapshot-isolation", false, Verdict::valid));
    }
}

Case register_case(std::uint32_t clients, std::uint32_t operations, bool stale) {
    return Case{
        .name = "register/" + std::to_string(clients) + "x" + std::to_string(operations) +
                (stale ? "/stale" : "/good"),
        .level = "linearizable",
        .slow = clients * operations > 500'000,
        .expected = stale ? Verdict::invalid : Verdict::valid,
        .run = [=] {
            const auto history = make_register_history(
                {.clients = clients, .operations = operations, .stale_read = stale});
            const std::string text = check::to_json_lines(history).value();
            check::History read;
            const double reading = measure([&] {
                read = check::parse_history(text, "made up", check::Format::json_lines).value();
            });
            check::LinearizabilityResult result;
            const double judging = measure([&] {
                const auto model = check::make_register_model();
                result = check::check_linearizability(read, *model).value();
            });
            return Outcome{.items = std::uint64_t{clients} * operations,
                           .verdict = result.verdict,
                           .seconds = judging,
                           .bytes = result.bytes,
                           .input_bytes = text.size(),
                           .reading_seconds = reading};
        }};
}

std::string contents_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The logs of etcd that Porcupine is measured with, all in one process; none if they are not here.
std::vector<Case> etcd_cases() {
    const char* const root = std::getenv("GEODE_DATA");
    const auto folder = std::filesystem::path(root != nullptr ? root : "../shared/data") /
                        "histories/porcupine/jepsen";
    std::vector<std::string> texts;
    if (std::filesystem::exists(folder)) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() == ".log") texts.push_back(contents_of(entry.path()));
        }
    }
    if (texts.empty()) {
        std::fprintf(stderr, "skipped: porcupine/jepsen\n");
        return {};
    }
    return {Case{.name = "etcd/" + std::to_string(texts.size()),
                 .level = "linearizable",
                 .slow = false,
                 .expected = Verdict::valid,
                 .run = [texts] {
                     Outcome outcome{.items = texts.size()};
                     outcome.seconds = measure([&] {
                         for (const std::string& text : texts) {
                             const auto judged =
                                 check::judge(text, "etcd", {.model = "register"}).value();
                             outcome.bytes = std::max(outcome.bytes, judged.bytes);
                             outcome.input_bytes += text.size();
                         }
                     });
                     return outcome;
                 }}};
}

std::vector<Case> all_cases() {
    std::vector<Case> cases = etcd_cases();
    for (const std::uint32_t clients : {5U, 10U, 20U, 30U}) {
        for (const std::uint32_t operations : {1'000U, 10'000U, 100'000U}) {
            cases.push_back(register_case(clients, operations, false));
            cases.push_back(register_case(clients, operations, true));
        }
    }
    const std::string strict = "strict-serializable";
    for (const std::uint32_t count : {10'000U, 100'000U, 1'000'000U}) {
        cases.push_back(parse_case(count, true));
        cases.push_back(parse_case(count, false));
        cases.push_back(list_case(Strength::serial, count, strict, Verdict::valid));
        cases.push_back(list_case(Strength::snapshot, count, "snapshot-isolation", Verdict::valid));
        cases.push_back(list_case(Strength::snapshot, count, strict, Verdict::invalid));
        cases.push_back(list_case(Strength::prefix, count, strict, Verdict::invalid));
        cases.push_back(list_case(Strength::none, count, strict, Verdict::invalid));
    }
    add_rw_cases(cases);
    return cases;
}

std::string row_of(const Case& item, const Outcome& outcome, std::uint64_t peak_bytes) {
    nlohmann::ordered_json row;
    row["bench"] = item.name;
    row["transactions"] = outcome.items;
    if (!item.level.empty()) row["level"] = item.level;
    row["seconds"] = outcome.seconds;
    row["checker_bytes"] = outcome.bytes;
    row["peak_bytes"] = peak_bytes;
    if (outcome.input_bytes != 0) row["input_bytes"] = outcome.input_bytes;
    if (outcome.reading_seconds > 0) row["reading_seconds"] = outcome.reading_seconds;
    row["verdict"] = std::string(check::to_string(outcome.verdict));
    return row.dump();
}

std::uint64_t peak_bytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

/// Runs a case in a child; whether it came to the expected verdict.
bool run_apart(const Case& item) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) return false;
    if (child == 0) {
        const Outcome outcome = item.run();
        std::printf("%s\n", row_of(item, outcome, peak_bytes()).c_str());
        std::fflush(stdout);
        ::_exit(outcome.verdict == item.expected ? 0 : 1);
    }
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int bench_check(const CheckBenchOptions& options) {
    bool as_expected = true;
    for (const Case& item : all_cases()) {
        if (options.quick && item.slow) continue;
        if (item.name.find(options.only) == std::string::npos) continue;
        if (run_apart(item)) continue;
        std::fprintf(stderr, "%s: not the expected verdict, or it died\n", item.name.c_str());
        as_expected = false;
    }
    return as_expected ? 0 : 1;
}

}  // namespace geode::bench
