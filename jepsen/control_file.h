// SPDX-License-Identifier: Apache-2.0
#pragma once

// ControlFile: the harness's side of one node's control page (preload/control_page.h).

#include <memory>
#include <string>

#include "base/result.h"
#include "jepsen/active_faults.h"
#include "jepsen/preload/control_page.h"

namespace geode::jepsen {

class ControlFile {
public:
    /// Makes the file, with settings that change nothing. Error: `io_error`.
    static Result<ControlFile> create(const std::string& path);
    ~ControlFile();
    ControlFile(ControlFile&& other) noexcept;
    ControlFile& operator=(ControlFile&&) = delete;

    /// Makes the page say this, from now on.
    void set(const NodeControls& controls);
    /// The wall clock jumps, for good.
    void step_wall(std::int64_t step_us);
    /// The process dies at its n-th disk call from now; 0 takes that back.
    void die_after_disk_ops(std::int64_t operations);
    const ControlPage& page() const { return *page_; }

private:
    explicit ControlFile(ControlPage* page) : page_(page) {}

    ControlPage* page_;
    std::int64_t stepped_us_ = 0;
    NodeControls controls_;
};

}  // namespace geode::jepsen
