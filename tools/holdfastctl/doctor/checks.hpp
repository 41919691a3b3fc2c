// The checks themselves: each looks at one thing and tells what it found. They block, within the limits of network.hpp, and
// run in processes of their own (isolate.hpp).
#pragma once

#include "config/config.hpp"
#include "holdfastctl/doctor/report.hpp"

#include <string>

namespace holdfast::ctl::doctor {

// Where things are; what is not the default is for tests and image builders.
struct Place {
    std::string admin;    // of the daemon
    std::string ca_file;  // of --ca, for an https admin and the test call
    std::string daemon = "/usr/sbin/holdfastd";
    bool paid = false;
};

// The box and the system. `config` may be nullptr where the configuration is not good.
void check_service(const Tell& tell, const Place& place);
void check_clock(const Tell& tell);
void check_disk(const Tell& tell, const config::Config& config);
void check_prompts(const Tell& tell, const config::Config& config);
void check_ports_and_people(const Tell& tell, const config::Config& config);

// Who the box talks to: name, TLS, key, credit.
void check_openai(const Tell& tell, const config::Config& config);
void check_openai_credit(const Tell& tell, const config::Config& config, const Place& place);
void check_elevenlabs(const Tell& tell, const config::Config& config);
void check_elevenlabs_credit(const Tell& tell, const config::Config& config, const Place& place);
void check_database(const Tell& tell, const config::Config& config);
void check_webhook(const Tell& tell, const config::Config& config);

// What Twilio sees.
void check_certificate(const Tell& tell, const config::Config& config);
void check_public_door(const Tell& tell, const config::Config& config);
void check_twilio(const Tell& tell, const config::Config& config);
// A call through the box's own port.
void check_test_call(const Tell& tell, const config::Config& config, const Place& place);

}  // namespace holdfast::ctl::doctor
