// SPDX-License-Identifier: Apache-2.0

// geode-sim: chaos runs of whole clusters in virtual time. Parses the command line and runs one
// command of cli/geode_sim.h.

#include <CLI/CLI.hpp>

#include "cli/crash_report.h"
#include "cli/geode_sim.h"
#include "node/version.h"

// A sanitizer's finding is a crash like any other.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "exitcode=4";
}
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() {
    return "exitcode=4:print_stacktrace=1";
}

namespace {

using namespace geode;

constexpr const char* examples = R"(
examples:
  geode-sim run --seed 7                          5 nodes, 60 s, all faults, workload register
  geode-sim run --seed 7 --verify                 twice; names the first event that differs
  geode-sim run --seed 7 --print-schedule > s.json
  geode-sim run --seed 7 --schedule s.json
  geode-sim sweep --seeds 1..1000 --workload graph --out runs.jsonl
  geode-sim replay runs.jsonl                     the first failure again
  geode-sim run --seed 1 --graph ../shared/data/graphs/air-routes
  geode-sim check --model register history.edn
  geode-sim convert --model register --to jepsen-log history.edn
  geode-sim chaos                                 the campaign of the README

exit status: 0 pass, 1 consistency violation, 2 usage or bad input, 3 no liveness, 4 crash,
             5 nondeterminism, 6 unrecoverable by design)";

constexpr const char* run_examples = R"(
examples:
  geode-sim run --seed 7 --nodes 3 --duration 2m --faults crash,lost_unsynced,partition
  geode-sim run --seed 7 --faults all,-clock_rate --trace trace.txt
  geode-sim run --seed 7 --workload append --history history.edn
  geode-sim run --seed 7 --json | jq .hash)";

constexpr const char* sweep_examples = R"(
examples:
  geode-sim sweep --seeds 1..1000 --workload register -j 8
  geode-sim sweep --seeds 1..100000 --shard 3/16 --out part3.jsonl    one of 16 machines
  geode-sim sweep --seeds 1..2000 --until-failure
Without --nodes each seed draws 3 to 7 nodes. A sweep of 100 seeds or more in which an enabled
fault never had an effect is void: exit status 2.)";

constexpr const char* check_examples = R"(
examples:
  geode-sim check --model register recorded/*.log
  geode-sim check --model register --initial 0 --consistency sequential history.edn.gz
  geode-sim check --model list-append --consistency snapshot-isolation --draw pictures jepsen.edn
  geode-sim check --model list-append --anomalies G1,G-single-item jepsen.edn
  geode-sim check --model kv --json - < history.txt
  geode-sim check --model rw-register --consistency snapshot-isolation tpcc.tar.gz
  geode-sim check --model file --model-file lock.model history.edn
  geode-sim list models          each model's levels of consistency, anomalies and formats

Prints file, valid|invalid|unknown and the anomaly, tab-separated. A history is unknown only for a
reason, which stands in place of the anomaly: most often the budget of --memory or --steps, which
are counted, not timed, so every machine gives the same answer.
exit status: 0 all are valid, 1 one is invalid or unknown, 2 bad input)";

constexpr const char* convert_examples = R"(
examples:
  geode-sim convert --model list-append --to edn runs.jsonl.gz > history.edn     for Elle
  geode-sim convert --model register --to jepsen-log history.edn                 for Porcupine
  geode-sim convert --model rw-register --to polysi history.edn --out history.bincode.gz
  geode-sim convert --model rw-register --to cobra --out logs history.edn
  geode-sim list models          what each model is read as and written as

What the notation cannot say and no verdict needs is left out and told on stderr; anything else is
refused. exit status: 0 written, 2 bad input, or a history that the notation cannot say)";

constexpr const char* replay_examples = R"(
examples:
  geode-sim replay runs.jsonl             the first failing run that a sweep stored
  geode-sim replay runs.jsonl --seed 17   that one
  geode-sim replay schedule.json --seed 7 --workload graph
  geode-sim replay --seed 7               the same as run --seed 7)";

void add_run_flags(CLI::App& command, cli::RunArguments& run) {
    command.add_option("--nodes", run.nodes, "servers in the cluster (5)");
    command.add_option("--duration", run.duration, "length of the fault phase: 60s, 500ms, 2m");
    command.add_option("--workload", run.workload,
                       "register, graph, append, bank or load (register)");
    command.add_option("--faults", run.faults, "all, none, or names: crash,pause or all,-flap");
    command.add_option("--schedule", run.schedule_file, "execute the faults of this file instead");
    command.add_option("--graph", run.graph,
                       "load this directory's nodes.csv and edges.csv, and compare afterwards");
}

void add_single_run_flags(CLI::App& command, cli::RunCommand& run) {
    add_run_flags(command, run.run);
    command.add_flag("--json", run.json, "print one JSON object; everything else goes to stderr");
    command.add_flag("--verify", run.verify, "run twice and compare every event");
    command.add_option("--trace", run.trace_file, "write every trace record to this file");
    command.add_option("--history", run.history_file,
                       "write what clients saw to this file, as Jepsen's EDN");
    command.add_flag("--print-schedule", run.print_schedule, "print the faults and run nothing");
}

struct Commands {
    cli::RunCommand run;
    cli::ReplayCommand replay;
    cli::SweepCommand sweep;
    cli::ChaosCommand chaos;
    cli::CheckCommand check;
    cli::ConvertCommand convert;
    std::string list;
    int status = 0;
};

void add_run(CLI::App& app, Commands& all) {
    CLI::App* const run = app.add_subcommand("run", "run one seed")->footer(run_examples);
    run->add_option("--seed", all.run.run.seed, "the seed")->required();
    add_single_run_flags(*run, all.run);
    run->callback([&all] { all.status = cli::run_command(all.run); });

    CLI::App* const replay =
        app.add_subcommand("replay", "repeat a stored run")->footer(replay_examples);
    replay->add_option("file", all.replay.file, "lines of a sweep, or a schedule");
    replay->add_option("--seed", all.replay.run.run.seed, "which run, or the seed to run");
    add_single_run_flags(*replay, all.replay.run);
    replay->callback([&all] { all.status = cli::replay_command(all.replay); });
}

void add_sweep(CLI::App& app, Commands& all) {
    CLI::App* const sweep = app.add_subcommand("sweep", "run many seeds")->footer(sweep_examples);
    sweep->add_option("--seeds", all.sweep.seeds, "A..B, both included")->required();
    add_run_flags(*sweep, all.sweep.run);
    sweep->add_option("-j,--jobs", all.sweep.jobs, "processes (one per processor)");
    sweep->add_option("--shard", all.sweep.shard, "I/N: only every N-th seed, from the I-th");
    sweep->add_option("--out", all.sweep.out_file, "write one JSON line per run, and a summary");
    sweep->add_option("--cpu-limit", all.sweep.cpu_limit_s, "CPU seconds for one seed (120)")
        ->check(CLI::Range(1, 86400));
    sweep->add_flag("--until-failure", all.sweep.until_failure, "stop at the first failing seed");
    sweep->add_flag("--verify", all.sweep.verify, "run each seed twice and compare");
    sweep->add_flag("--json", all.sweep.json, "print the summary as JSON");
    sweep->callback([&all] { all.status = cli::sweep_command(all.sweep); });

    CLI::App* const chaos = app.add_subcommand(
        "chaos", "the campaign: all faults over every workload, a verdict table at the end");
    chaos->footer("\nexample: geode-sim chaos --seeds 1..1000 -j 16 --out campaign.jsonl");
    chaos->add_option("--seeds", all.chaos.seeds, "A..B for each workload (1..100)");
    chaos->add_option("-j,--jobs", all.chaos.jobs, "processes (one per processor)");
    chaos->add_option("--out", all.chaos.out_file, "write one JSON line per run, and a summary");
    chaos->add_flag("--json", all.chaos.json, "print the summary as JSON");
    chaos->callback([&all] { all.status = cli::chaos_command(all.chaos); });
}

void add_check(CLI::App& app, Commands& all) {
    CLI::App* const check =
        app.add_subcommand("check", "judge recorded histories")->footer(check_examples);
    check->add_option("--model", all.check.model, "see geode-sim list models")->required();
    check->add_option("--model-file", all.check.model_file,
                      "with --model file: a model of your own (docs/formats/model.md)");
    check->add_option("--consistency", all.check.consistency,
                      "the level promised (linearizable, or strict-serializable for transactions)");
    check
        ->add_option("--anomalies", all.check.anomalies,
                     "look for these instead of a level's: G0,G1,G-single (transactions)")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->excludes("--consistency");
    check->add_option("--format", all.check.format, "the notation (auto: found by looking)");
    check->add_option("--initial", all.check.initial, "the initial value (the model's own)");
    check->add_option("--memory", all.check.memory, "budget of a search: 512M, 2G (1G)");
    check->add_option("--steps", all.check.steps, "budget of a search (1000000000)");
    check->add_option("--draw", all.check.draw, "draw what is invalid as SVG into this directory");
    check->add_flag("--json", all.check.json, "one JSON object per file");
    check
        ->add_option("files", all.check.files,
                     "the histories: files, folders or archives, may be gzip; - is stdin")
        ->required();
    check->callback([&all] { all.status = cli::check_command(all.check); });

    CLI::App* const convert =
        app.add_subcommand("convert", "write a recorded history in another notation");
    convert->footer(convert_examples);
    convert->add_option("--model", all.convert.model, "see geode-sim list models")->required();
    convert->add_option("--to", all.convert.to, "the notation to write")->required();
    convert->add_option("--format", all.convert.format,
                        "the notation to read (auto: found by looking)");
    convert->add_option("--initial", all.convert.initial,
                        "of rw-register: the value that registers begin with, beside nil");
    convert->add_option("--out", all.convert.out,
                        "the file (packed if it ends in .gz), or folder for cobra (stdout)");
    convert->add_option("file", all.convert.file, "the history, may be gzip; - is stdin")
        ->required();
    convert->callback([&all] { all.status = cli::convert_command(all.convert); });
}

void add_list(CLI::App& app, Commands& all) {
    CLI::App* const list = app.add_subcommand("list", "what there is to choose from");
    list->footer("\nexample: geode-sim list faults");
    list->add_option("what", all.list, "workloads, faults, models or probes")->required();
    list->callback([&all] { all.status = cli::list_command(all.list); });
}

}  // namespace

int main(int argc, char** argv) {
    cli::install_crash_report();
    Commands all;
    CLI::App app("Runs whole Geode clusters with faults in virtual time, from one seed.",
                 "geode-sim");
    app.footer(examples);
    app.set_version_flag("--version", std::string(node::version));
    app.require_subcommand(1);
    add_run(app, all);
    add_sweep(app, all);
    add_check(app, all);
    add_list(app, all);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // help or version
        return cli::usage_error(std::string(error.what()) + " (see geode-sim --help)");
    }
    return all.status;
}
