#include "supervise/disk_wear.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace holdfast::supervise {
namespace {

namespace fs = std::filesystem;

constexpr int k_mappings_max = 4;           // encryption over a volume over a mirror over a partition
constexpr unsigned long k_tenths_worn = 9;  // 0x09: 80 to 90 % of its life are used
constexpr unsigned long k_tenths_out = 11;  // 0x0b: more than its maker promised; beyond, the standard says nothing
constexpr unsigned long k_eol_warning = 2;  // four fifths of the spare blocks are used
constexpr unsigned long k_eol_urgent = 3;

// The larger number of "0x02 0x05", as far as it means something; 0: not defined.
unsigned long worst_in(const fs::path& path, unsigned long most) {
    unsigned long worst = 0;
    std::ifstream file(path);
    int words = 0;
    for (std::string word; words < 2 && file >> word; ++words) {
        const auto number = std::strtoul(word.c_str(), nullptr, 16);
        if (number <= most) worst = std::max(worst, number);
    }
    return worst;
}

// A partition has its disk as the folder above.
void collect(const fs::path& block, int mappings_left, std::vector<std::string>& out) {
    std::error_code ec;
    for (const fs::path& disk : {block, block.parent_path()}) {
        if (fs::exists(disk / "device" / "life_time", ec)) {
            out.push_back((disk / "device").string());
            return;
        }
    }
    if (mappings_left == 0) return;
    for (fs::directory_iterator slave(block / "slaves", ec), end; !ec && slave != end; slave.increment(ec)) {
        const auto below = fs::canonical(slave->path(), ec);
        if (!ec) collect(below, mappings_left - 1, out);
    }
}

}  // namespace

DiskLife::DiskLife(dev_t device, const std::string& sys) {
    std::error_code ec;
    const auto block =
        fs::canonical(sys + "/dev/block/" + std::to_string(major(device)) + ":" + std::to_string(minor(device)), ec);
    if (!ec) collect(block, k_mappings_max, folders_);
}

DiskWear DiskLife::look() const {
    DiskWear worst;
    for (const fs::path folder : folders_) {
        const auto tenths = worst_in(folder / "life_time", k_tenths_out);
        const auto spare = worst_in(folder / "pre_eol_info", k_eol_urgent);
        if (tenths == 0 && spare == 0) continue;
        worst.life_used = std::max(worst.life_used, tenths == 0 ? -1.0 : static_cast<double>(tenths) / 10);
        auto state = DiskWear::State::good;
        if (tenths >= k_tenths_worn || spare >= k_eol_warning) state = DiskWear::State::worn;
        if (tenths >= k_tenths_out || spare >= k_eol_urgent) state = DiskWear::State::worn_out;
        worst.state = std::max(worst.state, state);
    }
    return worst;
}

dev_t device_of(std::string path) {
    struct stat facts {};
    while (::stat(path.c_str(), &facts) != 0) {
        const auto above = fs::path(path).parent_path().string();
        if (above.empty() || above == path) return 0;
        path = above;
    }
    return facts.st_dev;
}

}  // namespace holdfast::supervise
