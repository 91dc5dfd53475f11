// SPDX-License-Identifier: Apache-2.0

// Register histories recorded elsewhere, with verdicts by exhaustive search or by their recorders:
// dbcop, AWDIT, elle-cli, PolySI's PostgreSQL runs, IsoVista's sample. What is absent is skipped.

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/check_txn/recorded.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/register.h"
#include "workloads/check/txn/session_formats.h"

namespace geode::check::txn {
namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
    if (path.extension() != ".gz") return contents_of(path);
    std::string text;
    std::FILE* const pipe = ::popen(("gzip -dc '" + path.string() + "'").c_str(), "r");
    REQUIRE(pipe != nullptr);
    char buffer[1 << 16];
    while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) {
        text.append(buffer, count);
    }
    REQUIRE(::pclose(pipe) == 0);
    return text;
}

nlohmann::json verdicts(const fs::path& path) {
    if (!fs::exists(path)) return nlohmann::json::object();
    return nlohmann::json::parse(contents(path));
}

struct Recorded {
    TxnHistory history;
    RegisterCheck check;
};

Recorded load(const fs::path& path) {
    const std::string text = contents(path);
    const std::string name = path.filename().string();
    Recorded loaded;
    if (const auto format = detect_session_format(text)) {
        auto parsed = parse_session_history(text, name, *format);
        if (!parsed) FAIL(parsed.error().message);
        loaded.history = std::move(parsed->history);
        loaded.check.initial = parsed->initial;
        loaded.check.least = KeptOrder::session;
        return loaded;
    }
    auto parsed = parse_txn_history(text, name, TxnObjects::registers);
    if (!parsed) FAIL(parsed.error().message);
    loaded.history = *std::move(parsed);
    return loaded;
}

Verdict verdict_of(Recorded& loaded, std::string_view level) {
    loaded.check.level = level;
    const Judgement judgement = check_registers(loaded.history, loaded.check);
    for (const Anomaly& anomaly : judgement.anomalies) {
        UNSCOPED_INFO(anomaly.name << ": " << anomaly.words);
    }
    return judgement.verdict;
}

struct NamedLevel {
    const char* column;
    const char* level;
};

// The verdicts keep sessions at every level.
constexpr NamedLevel by_session[] = {
    {"rc", "read-committed"}, {"ra", "read-atomic"},        {"cc", "causal"},
    {"pc", "prefix"},         {"si", "snapshot-isolation"}, {"ser", "serializable"}};

void expect(const fs::path& path, const nlohmann::json& expected) {
    if (!fs::exists(path)) return;
    Recorded loaded = load(path);
    loaded.check.least = KeptOrder::session;
    for (const NamedLevel& named : by_session) {
        if (!expected.contains(named.column) || !expected[named.column].is_boolean()) continue;
        CAPTURE(path.string(), named.level);
        const bool valid = expected[named.column].get<bool>();
        CHECK(verdict_of(loaded, named.level) == (valid ? Verdict::valid : Verdict::invalid));
    }
}

TEST_CASE("registers: dbcop's histories have their verdicts at six levels", "[fast][recorded]") {
    const fs::path folder = recorded("dbcop");
    const nlohmann::json all = verdicts(folder / "verdicts_bruteforce.json");
    for (const auto& [name, expected] : all.items()) {
        REQUIRE(fs::exists(folder / name));
        expect(folder / name, expected);
        const std::string edn = "dbcop__" + fs::path(name).stem().string() + ".edn";
        expect(recorded("registers-as-edn") / edn, expected);
    }
}

TEST_CASE("registers: dbcop's repeatable read is item cut isolation", "[fast][recorded]") {
    const fs::path folder = recorded("dbcop");
    const nlohmann::json all = verdicts(folder / "expected.json");
    for (const auto& entry : all) {
        const auto& levels = entry["expected"];
        if (!levels.contains("repeatable-read(dbcop)")) continue;
        Recorded loaded = load(folder / entry["file"].get<std::string>());
        CAPTURE(entry["file"].get<std::string>());
        const bool valid = levels["repeatable-read(dbcop)"].get<bool>();
        CHECK(verdict_of(loaded, "item-cut-isolation") ==
              (valid ? Verdict::valid : Verdict::invalid));
    }
}

TEST_CASE("registers: AWDIT's histories have their verdicts", "[fast][recorded]") {
    const fs::path folder = recorded("awdit");
    const nlohmann::json all = verdicts(folder / "verdicts_bruteforce.json");
    for (const auto& [name, expected] : all.items()) {
        expect(folder / "histories" / "tests" / name, expected);
        std::string edn = "awdit__" + fs::path(name).replace_extension(".edn").string();
        for (std::size_t at = edn.find('/'); at != std::string::npos; at = edn.find('/')) {
            edn.replace(at, 1, "__");
        }
        expect(recorded("registers-as-edn") / edn, expected);
    }
}

TEST_CASE("registers: PostgreSQL under snapshot isolation is found so", "[fast][recorded]") {
    const fs::path folder = recorded("polysi") / "fig7";
    if (!fs::exists(folder)) return;
    for (const auto& entry : fs::directory_iterator(folder)) {
        Recorded loaded = load(entry.path() / "hist-00000" / "history.bincode.gz");
        CAPTURE(entry.path().string());
        CHECK(verdict_of(loaded, "snapshot-isolation") == Verdict::valid);
        CHECK(verdict_of(loaded, "causal") == Verdict::valid);
    }
}

TEST_CASE("registers: IsoVista's sample is read to the end", "[fast][recorded]") {
    const fs::path path = recorded("isovista") / "sample_history.txt";
    if (!fs::exists(path)) return;
    Recorded loaded = load(path);
    CHECK(loaded.history.mops.size() == 20'000);
    CHECK(verdict_of(loaded, "serializable") != Verdict::unknown);
}

/// Elle's unit tests. Some of their reads saw what nobody wrote, which Elle lets pass and we do
/// not; and what a test tells Elle beside the history (:transaction-order) is not known here.
TEST_CASE("registers: Elle's unit tests are invalid where Elle says so", "[fast][recorded]") {
    const fs::path folder = recorded("elle-tests");
    if (!fs::exists(folder)) return;
    const std::string text = contents_of(folder / "expected.edn");
    EdnReader reader(text, "expected.edn");
    EdnForm form;
    std::size_t judged = 0;
    while (reader.next(form).value()) {
        if (form.find(0, ":workload")->text != "rw-register") continue;
        const EdnNode* const valid = form.find(0, ":valid?");
        const fs::path path = folder / std::string(form.find(0, ":file")->text);
        const std::size_t opts = form.index_of(*form.find(0, ":opts"));
        if (valid == nullptr || !fs::exists(path)) continue;
        if (form.find(opts, ":transaction-order") != nullptr) continue;
        // One process has two transactions at once there.
        if (path.filename() == "rw-register-043-checker-test-initial-state.edn") continue;
        const auto models = keywords_in(form, form.find(opts, ":consistency-models"));
        Recorded loaded = load(path);
        loaded.check.level = "strict-serializable";
        loaded.check.least = KeptOrder::session;
        bool known = !models.empty();
        for (const std::string& model : models) {
            const auto level = std::ranges::find(register_levels, model);
            known = known && level != register_levels.end();
            if (level != register_levels.end()) loaded.check.level = *level;
        }
        const Judgement judgement = check_registers(loaded.history, loaded.check);
        CAPTURE(path.filename().string(), loaded.check.level);
        const bool unwritten =
            !judgement.anomalies.empty() && judgement.anomalies.front().name == "garbage-read";
        ++judged;
        if (valid->text == "false") {
            CHECK(judgement.verdict == Verdict::invalid);
        } else if (valid->text == "true" && known && !unwritten) {
            CHECK(judgement.verdict == Verdict::valid);
        }
        const auto types = keywords_in(form, form.find(0, ":anomaly-types"));
        for (const char* const name : {"internal", "G1a", "G1b", "lost-update"}) {
            if (!types.contains(name) || unwritten) continue;
            CHECK(std::ranges::count(judgement.anomalies, name, &Anomaly::name) > 0);
        }
    }
    CHECK(judged > 15);
}

TEST_CASE("registers: elle-cli's example has a read that nobody wrote", "[fast][recorded]") {
    for (const char* const name : {"rw-register.edn", "rw-register.json"}) {
        const fs::path path = recorded("elle-cli") / "histories" / "elle" / name;
        if (!fs::exists(path)) continue;
        Recorded loaded = load(path);
        loaded.check.level = "read-committed";
        const Judgement judgement = check_registers(loaded.history, loaded.check);
        REQUIRE(judgement.verdict == Verdict::invalid);
        CHECK(judgement.anomalies.front().name == "garbage-read");
        CHECK(judgement.anomalies.front().words.find("= 3") != std::string::npos);
    }
}

}  // namespace
}  // namespace geode::check::txn
