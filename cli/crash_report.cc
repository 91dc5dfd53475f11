// SPDX-License-Identifier: Apache-2.0
#include "cli/crash_report.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "sim/data/run_result.h"

namespace geode::cli {
namespace {

constexpr std::size_t text_bytes_max = 1024;

struct Global {
    std::uint64_t seed = 0;
    bool seeded = false;
    bool json = false;
    std::array<char, text_bytes_max> reproduce{};
    sim::Simulation* simulation = nullptr;
    std::array<char, 64 * 1024> stack{};
};
Global global;

void say(int stream, const char* text) {
    // Nothing can be done about a failing write on the way out.
    [[maybe_unused]] const ssize_t written = ::write(stream, text, std::strlen(text));
}

const char* name_of(int signal) {
    switch (signal) {
        case SIGABRT: return "abort";
        case SIGSEGV: return "invalid memory access (or a fiber's stack overflowed)";
        case SIGBUS: return "bus error";
        case SIGILL: return "illegal instruction";
        case SIGFPE: return "arithmetic fault";
        case SIGXCPU: return "over its limit of CPU time";
        default: return "signal";
    }
}

/// The node whose fiber is running; 0 if none is.
unsigned running_node(sim::Simulation& simulation) {
    const FiberGroup* const group = simulation.engine().scheduler().current_group();
    if (group == nullptr) return 0;
    for (sim::SimNode* node : simulation.nodes()) {
        if (node->running() && &node->world().fibers() == group) return node->id().value();
    }
    return 0;
}

void print_place(std::array<char, text_bytes_max>& text, int signal) {
    sim::Simulation* const simulation = global.simulation;
    if (simulation == nullptr) {
        std::snprintf(text.data(), text.size(), "crash: %s outside any run\n", name_of(signal));
        return;
    }
    const auto now_ns = simulation->now().time_since_epoch().count();
    const unsigned node = running_node(*simulation);
    const char* const fiber = simulation->engine().scheduler().current_name();
    std::snprintf(text.data(), text.size(),
                  "crash: %s: seed %llu, virtual time %lld.%09lld s, %s%u, fiber \"%s\"\n",
                  name_of(signal), static_cast<unsigned long long>(global.seed),
                  static_cast<long long>(now_ns / 1'000'000'000),
                  static_cast<long long>(now_ns % 1'000'000'000),
                  node > 1000 ? "client c" : "node n", node > 1000 ? node - 1000 : node, fiber);
}

// Not everything here is safe in a signal handler by the book; the process is lost anyway, and a
// second signal ends it at once.
void report(int signal) {
    static volatile sig_atomic_t entered = 0;
    if (entered != 0) ::_exit(sim::exit_status(sim::RunVerdict::crash));
    entered = 1;
    std::array<char, text_bytes_max> text{};
    print_place(text, signal);
    say(STDERR_FILENO, text.data());
    if (global.seeded) {
        say(STDERR_FILENO, "reproduce: ");
        say(STDERR_FILENO, global.reproduce.data());
        say(STDERR_FILENO, "\n");
    }
    if (global.seeded && global.json) {
        std::array<char, 2 * text_bytes_max> line{};
        std::snprintf(line.data(), line.size(),
                      "{\"seed\":%llu,\"verdict\":\"crash\",\"exit\":4,"
                      "\"hash\":\"0000000000000000\",\"explanation\":\"%s; stderr has the place\","
                      "\"reproduce\":\"%s\"}\n",
                      static_cast<unsigned long long>(global.seed), name_of(signal),
                      global.reproduce.data());
        say(STDOUT_FILENO, line.data());
    }
    ::_exit(sim::exit_status(sim::RunVerdict::crash));
}

}  // namespace

void install_crash_report() {
    stack_t stack{};
    stack.ss_sp = global.stack.data();
    stack.ss_size = global.stack.size();
    ::sigaltstack(&stack, nullptr);
    struct sigaction action{};
    action.sa_handler = report;
    action.sa_flags = SA_ONSTACK;
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGXCPU}) {
        ::sigaction(signal, &action, nullptr);
    }
}

void set_crash_context(const CrashContext& context) {
    global.seed = context.seed;
    global.seeded = true;
    global.json = context.json;
    std::snprintf(global.reproduce.data(), global.reproduce.size(), "%s",
                  context.reproduce.c_str());
}

void set_crash_simulation(sim::Simulation* simulation) {
    global.simulation = simulation;
}

}  // namespace geode::cli
