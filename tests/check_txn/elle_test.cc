// SPDX-License-Identifier: Apache-2.0

// Elle's own verdicts on list-append histories: those of its unit tests, of its paper, of elle-cli
// and of generated histories of up to 1,000 transactions.

#include "tests/check_txn/recorded.h"
#include "workloads/check/txn/formats.h"
#include "workloads/check/txn/isolation.h"
#include "workloads/check/txn/list_append.h"

namespace geode::check::txn {
namespace {

using Names = std::set<std::string>;

Judgement judge(const std::filesystem::path& path, const ListAppendOptions& options) {
    const std::string text = contents_of(path);
    const auto history = parse_txn_history(text, path.filename().string(), TxnObjects::lists);
    REQUIRE(history);
    return check_list_append(*history, options);
}

Names anomalies_of(const Judgement& judgement) {
    Names names;
    for (const Anomaly& anomaly : judgement.anomalies) names.insert(anomaly.name);
    return names;
}

Names names_of(const std::vector<std::string>& list) {
    return Names(list.begin(), list.end());
}

/// Names in Elle's vocabulary as they are in ours; what only says that Elle does not know is left
/// out.
Names ours(Names names) {
    names.erase("empty-transaction-graph");
    names.erase("cycle-search-timeout");
    if (names.erase("strong-serializable") != 0) names.insert("strict-serializable");
    return names;
}

std::string text_of(const EdnNode* node) {
    return std::string(node->text);
}

TEST_CASE("list-append, recorded: the histories of Elle's unit tests", "[fast]") {
    const auto folder = recorded("elle-tests");
    if (!std::filesystem::exists(folder)) return;
    const std::string text = contents_of(folder / "expected.edn");
    EdnReader reader(text, "expected.edn");
    EdnForm form;
    std::size_t judged = 0;
    while (reader.next(form).value()) {
        if (text_of(form.find(0, ":workload")) != "list-append") continue;
        const EdnNode* const file = form.find(0, ":file");
        if (file == nullptr || !std::filesystem::exists(folder / text_of(file))) continue;
        ListAppendOptions options;
        const std::size_t opts = form.index_of(*form.find(0, ":opts"));
        const Names models = keywords_in(form, form.find(opts, ":consistency-models"));
        const Names anomalies = keywords_in(form, form.find(opts, ":anomalies"));
        if (form.nodes[opts].end != opts + 1) {
            options.models.assign(models.begin(), models.end());
            options.anomalies.assign(anomalies.begin(), anomalies.end());
        }
        const Judgement judgement = judge(folder / text_of(file), options);
        CAPTURE(text_of(file), models, anomalies);
        const Names expected = ours(keywords_in(form, form.find(0, ":anomaly-types")));
        CHECK(anomalies_of(judgement) == expected);
        CHECK((judgement.verdict == Verdict::invalid) == !expected.empty());
        CHECK(judgement.verdict != Verdict::unknown);
        ++judged;
        if (expected.empty() || anomalies.size() != 0) continue;
        CHECK(names_of(judgement.ruled_out) == ours(keywords_in(form, form.find(0, ":not"))));
        // parallel-snapshot-isolation implies consistent-view here: isolation.h says why.
        Names also = ours(keywords_in(form, form.find(0, ":also-not")));
        if (also.contains("consistent-view") || judgement.ruled_out[0] == "consistent-view") {
            also.insert("parallel-snapshot-isolation");
        }
        Names found = names_of(judgement.also_ruled_out);
        found.erase("causal");
        CHECK(found == also);
    }
    CHECK(judged == 32);
}

std::size_t count_of(const Judgement& judgement, std::string_view name) {
    return static_cast<std::size_t>(std::ranges::count(judgement.anomalies, name, &Anomaly::name));
}

/// Elle gives up on a kind of cycle when the first it finds turns out to be of another kind, so it
/// may miss a special anomaly and report a more general one; never the other way round.
void check_types(const Names& found, const Names& elles) {
    for (const std::string& name : elles) {
        CAPTURE(name);
        CHECK(std::ranges::any_of(
            found, [&](const std::string& special) { return anomaly_implies(special, name); }));
    }
    const bool plain = std::ranges::all_of(found, [&](const std::string& name) {
        return elles.contains(name) || name == "G-single-item" || name == "G-nonadjacent-item" ||
               name == "G1c";
    });
    CHECK(plain);
}

TEST_CASE("list-append, recorded: generated histories at four strengths", "[fast]") {
    const auto folder = recorded("history-sim");
    if (!std::filesystem::exists(folder)) return;
    const std::string text = contents_of(folder / "expected-sim.edn");
    EdnReader reader(text, "expected-sim.edn");
    EdnForm form;
    std::size_t judged = 0;
    while (reader.next(form).value()) {
        const std::string file = text_of(form.find(0, ":file"));
        if (!std::filesystem::exists(folder / file)) continue;
        const std::string model = text_of(form.find(0, ":model")).substr(1);
        ListAppendOptions options;
        options.models = {model};
        const Judgement judgement = judge(folder / file, options);
        CAPTURE(file, model);
        const bool valid = text_of(form.find(0, ":valid?")) == "true";
        CHECK(judgement.verdict == (valid ? Verdict::valid : Verdict::invalid));
        CHECK(names_of(judgement.ruled_out) == ours(keywords_in(form, form.find(0, ":not"))));
        const Names types = ours(keywords_in(form, form.find(0, ":anomaly-types")));
        check_types(anomalies_of(judgement), types);
        if (const EdnNode* const counts = form.find(0, ":counts"); counts != nullptr) {
            for (const auto name : {"G1b", "internal", "incompatible-order", "lost-update"}) {
                CAPTURE(name);
                const EdnNode* const count =
                    form.find(form.index_of(*counts), ":" + std::string(name));
                const auto expected =
                    static_cast<std::size_t>(count == nullptr ? 0 : count->integer);
                CHECK(count_of(judgement, name) == expected);
            }
        }
        ++judged;
    }
    CHECK(judged == 42);
}

TEST_CASE("list-append, recorded: Elle's paper and elle-cli", "[fast]") {
    ListAppendOptions serializable;
    serializable.models = {"serializable"};
    for (const auto* const file :
         {"elle/paper-example.edn", "elle-cli/histories/elle/paper-example.edn",
          "elle-cli/histories/elle/paper-example.json"}) {
        const auto path = recorded(file);
        if (!std::filesystem::exists(path)) continue;
        CAPTURE(file);
        CHECK(judge(path, serializable).verdict == Verdict::invalid);
        CHECK(judge(path, {}).verdict == Verdict::invalid);
    }
    const auto path = recorded("elle-cli/histories/elle/list-append-gh-30.edn");
    if (!std::filesystem::exists(path)) return;
    CHECK(judge(path, serializable).verdict == Verdict::invalid);
}

}  // namespace
}  // namespace geode::check::txn
