// SPDX-License-Identifier: Apache-2.0
#pragma once

// Store: where a run leaves its evidence, laid out as Jepsen's store/ is.
//
//     store/geode-register/20261121T093700.123Z/
//         history.edn      every operation and fault        schedule.json   what was executed
//         results.edn      the verdict, for Jepsen's eyes   results.json    the same, as geode-sim
//         latency-raw.svg  rate.svg  timeline.html          nodes/n1.log    what each node said
//     store/latest, store/geode-register/latest             symbolic links to the last run
//
// A failed run keeps the nodes' data below nodes/ as well.

#include <map>
#include <string>

#include "base/result.h"
#include "jepsen/chaos_run.h"

namespace geode::jepsen {

class Store {
public:
    /// Makes a new folder below `root`/geode-WORKLOAD, named after the UTC time now, and points the
    /// links at it. Error: `io_error`.
    static Result<Store> create(const std::string& root, const std::string& workload);

    const std::string& directory() const { return directory_; }
    std::string nodes_directory() const { return directory_ + "/nodes"; }
    /// Error: `io_error`.
    Result<void> write(const std::string& name, const std::string& text) const;
    /// Everything of a run but the logs, which are there already.
    Result<void> write_run(const ChaosOptions& options, const ChaosReport& report,
                           const std::string& reproduce) const;
    /// The nodes' data and control files go; logs stay.
    void drop_data(std::uint32_t nodes) const;

private:
    explicit Store(std::string directory) : directory_(std::move(directory)) {}
    std::string directory_;
};

/// Error: `io_error`.
Result<void> write_text(const std::string& path, const std::string& text);

/// The whole file. Error: `not_found`.
Result<std::string> read_file(const std::string& path);

}  // namespace geode::jepsen
