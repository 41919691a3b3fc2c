// How much of its life a flash disk has used, as the kernel shows it for eMMC (life_time, pre_eol_info; JEDEC JESD84-B51). NVMe and SATA
// disks tell it only to those who may send them commands, which this daemon may not: then nothing is known. Any one thread.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace holdfast::supervise {

struct DiskWear {
    double life_used = -1;  // 0 to 1.1, in tenths; below 0: it does not say
    enum class State { unknown, good, worn, worn_out } state = State::unknown;
};

class DiskLife {
  public:
    // The disks behind the device number that stat() gives for a file, partitions and mappings followed. `sys`: where sysfs is.
    DiskLife(dev_t device, const std::string& sys = "/sys");
    // The worst of them. Reads what the kernel remembers: never waits for the disk.
    DiskWear look() const;

  private:
    std::vector<std::string> folders_;  // with a life_time each
};

// The device that `path` is on, or the nearest folder above that is there. 0: none. May wait for the disk.
dev_t device_of(std::string path);

}  // namespace holdfast::supervise
