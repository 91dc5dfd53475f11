// SPDX-License-Identifier: Apache-2.0

// geode-node: the production daemon. Picks the OS World, opens a Node in it, and turns signals and
// failures into an orderly end and an exit status: 0 after SIGTERM or SIGINT, 1 after a failure
// while serving, 2 when it could not start (nothing was changed then).

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "cli/node_config.h"
#include "node/version.h"
#include "runtime/os/event_loop.h"
#include "runtime/os/os_world.h"
#include "runtime/os/signals.h"

namespace {

using namespace geode;

constexpr Duration drain_timeout = seconds(10);
constexpr int exit_failed = 1;
constexpr int exit_not_started = 2;

constexpr const char* examples = R"(
examples:
  geode-node --config node.yaml
  geode-node --node-id 1 --data-dir /tmp/n1                       a cluster of one
  geode-node --node-id 2 --data-dir /tmp/n2 \
      --member 1=127.0.0.1:3142,127.0.0.1:3141 \
      --member 2=127.0.0.1:4142,127.0.0.1:4141 \
      --member 3=127.0.0.1:5142,127.0.0.1:5141
  geode-node --config node.yaml --print-config                    what would run, then exit

SIGTERM and SIGINT answer what is under way, make everything durable and exit with 0.
Configuration keys: docs/configuration.md)";

void say(const std::string& text) {
    std::fprintf(stderr, "geode-node: %s\n", text.c_str());
}

/// Why a directory or port could not be had, with what the person can do about it.
std::string explain(const Error& error, const cli::NodeConfig& config) {
    std::string text = error.message.empty() ? error.describe() : error.message;
    switch (error.code) {
        case ErrorCode::locked: return config.data_dir + " is in use by another process";
        case ErrorCode::address_in_use: return text + " (is another node running?)";
        case ErrorCode::foreign_data: return config.data_dir + ": " + text;
        case ErrorCode::corrupt: return config.data_dir + " is damaged: " + text;
        default: return text;
    }
}

/// The daemon's state, on the event loop's one thread.
class Daemon {
public:
    Daemon(os::EventLoop& loop, const cli::NodeConfig& config, std::unique_ptr<os::OsWorld> world)
        : loop_(loop), config_(config), world_(std::move(world)) {}

    int run() {
        world_->spawn("main", [this] { serve(); });
        os::SignalWatcher signals(loop_, {SIGTERM, SIGINT}, [this](int) { stop(); });
        loop_.run();
        world_->stop();
        node_.reset();
        return status_;
    }

private:
    void serve() {
        auto opened = node::Node::open(*world_, config_.options);
        if (!opened) {
            say(explain(opened.error(), config_));
            return end(exit_not_started);
        }
        node_ = *std::move(opened);
        const node::Member& self = config_.options.members.at(config_.options.self);
        std::printf("geode-node %u of cluster %s serves clients at %s, peers at %s\n",
                    config_.options.self.value(), config_.options.cluster.c_str(),
                    self.client.to_string().c_str(), self.cluster.to_string().c_str());
        std::fflush(stdout);
        const Error why = node_->wait_failed();
        say("stopped serving: " + explain(why, config_));
        end(exit_failed);
    }

    void stop() {
        // A second signal, or one before the node is up, does not wait.
        if (stopping_ || node_ == nullptr) return end(stopping_ ? exit_failed : 0);
        stopping_ = true;
        world_->spawn("shutdown", [this] {
            const Result<void> drained = node_->shutdown(world_->deadline_in(drain_timeout));
            if (!drained) say("shutdown: " + drained.error().describe());
            end(drained ? 0 : exit_failed);
        });
        // Called from a signal handler of the loop, outside any fiber.
        loop_.run_ready_fibers();
    }

    void end(int status) {
        status_ = status;
        loop_.stop();
    }

    os::EventLoop& loop_;
    const cli::NodeConfig& config_;
    std::unique_ptr<os::OsWorld> world_;
    std::unique_ptr<node::Node> node_;
    bool stopping_ = false;
    int status_ = 0;
};

int run(const cli::NodeConfig& config) {
    os::LineTraceSink lines;
    os::NullTraceSink silence;
    os::EventLoop loop;
    os::OsWorld::Options options;
    options.node = config.options.self;
    options.data_dir = config.data_dir;
    options.trace_sink = config.log_level == "off" ? static_cast<os::TraceSink*>(&silence) : &lines;
    auto world = os::OsWorld::create(loop, options);
    if (!world) {
        say("cannot use the data directory " + config.data_dir + ": " +
            explain(world.error(), config));
        return exit_not_started;
    }
    return Daemon(loop, config, *std::move(world)).run();
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app{"Geode's production daemon: one node of a replicated graph database."};
    app.footer(examples);
    app.set_version_flag("--version", "geode-node " + std::string(node::version));
    cli::NodeFlags flags;
    bool print_config = false;
    app.add_option("--config", flags.config_file, "YAML configuration file")->type_name("FILE");
    app.add_option("--node-id", flags.node_id, "this node's id, 1 and up (or GEODE_NODE_ID)");
    app.add_option("--cluster-name", flags.cluster_name, "refuses data and peers of another name");
    app.add_option("--data-dir", flags.data_dir, "where log and state live")->type_name("DIR");
    app.add_option("--listen", flags.listen, "client address (default: the member's)")
        ->type_name("HOST:PORT");
    app.add_option("--cluster-listen", flags.cluster_listen, "peer address (default: the member's)")
        ->type_name("HOST:PORT");
    app.add_option("--member", flags.members, "one member, this node among them; repeat")
        ->type_name("ID=CLUSTER,CLIENT");
    app.add_option("--election-timeout-ms", flags.election_timeout_ms,
                   "range of the random timeout, e.g. 150-300");
    app.add_option("--heartbeat-interval-ms", flags.heartbeat_interval_ms, "leader's heartbeat");
    app.add_option("--log-level", flags.log_level, "info (events on stderr) or off");
    app.add_flag("--print-config", print_config, "print the configuration in force and exit");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_not_started;
    }
    const auto config = cli::load_node_config(flags);
    if (!config) {
        say(config.error().message);
        return exit_not_started;
    }
    if (print_config) {
        std::fputs(cli::print_node_config(*config).c_str(), stdout);
        return 0;
    }
    return run(*config);
}
