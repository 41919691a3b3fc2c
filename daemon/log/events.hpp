// Events that an operator looks up: their lines carry a MESSAGE_ID in the systemd journal, and `journalctl -x` shows what
// systemd/holdfast.catalog says about them. An id is made once (systemd-id128 new) and stays with its meaning for ever; one
// sentence may have several, where what to do differs. A new event needs its entry in the catalog and in holdfast(7).
#pragma once

#include "log/log.hpp"

#include <array>

namespace holdfast::log::events {

// Life of the daemon
inline constexpr Event ready{"ready", "cc4adea332a849e2bd803b92134c982f"};
inline constexpr Event draining{"draining", "310d9aa29080453791eed200028812c5"};
inline constexpr Event stopped{"stopped", "a638acecba2e490398e40ff4d8f18c66"};
inline constexpr Event ended_unclean{"the run before ended without a stop", "98f53203b96a47baabb14648587999d0"};
inline constexpr Event calls_interrupted{"calls were interrupted, the daemon went away under them",
    "9e9c9f94a8f1430ea4566b0009404a22"};
inline constexpr Event safe_mode{"safe mode after repeated crashes: recorded prompts and people only", "2b8b3f38db46449eaf24f4730239b051"};
inline constexpr Event media_silent{"media loop does not answer, the watchdog is not fed", "9de9e42c793944549ae943162a612b5d"};

// Journal and disk
inline constexpr Event journal_refused{"journal refused", "fbd92d7be3c847a6b2cf2b3a7a3c86b4"};
inline constexpr Event journal_trouble{"journal in trouble, rows wait", "ed09d21afe214e4b8c36fd6140d14565"};
inline constexpr Event journal_io{"journal in trouble, rows wait", "b48ede8ab3de4167af99f1d0177e5682"};
inline constexpr Event journal_read_only{"journal in trouble, rows wait", "3ecb2c9c0bf74aa4a8a533c87527ed97"};
inline constexpr Event journal_full{"journal in trouble, rows wait", "b01910cbeb2e4507983bf9115d5b8be1"};
inline constexpr Event journal_emergency{"no commit possible, rows go into the emergency file",
    "77d1663fb84d4d51b2d3bc0171538d51"};
inline constexpr Event journal_recovered{"journal works again", "695e4c45d6f44d0d97605c16297b73da"};
inline constexpr Event journal_damaged{"journal damaged, moved aside, starting a fresh one", "8dae65ae98f64a20ad6716760ba1098e"};
inline constexpr Event journal_newer{"journal of a newer version moved aside, starting a fresh one",
    "8d96fb6e531e4f61bc61ef159916ea0c"};
inline constexpr Event journal_foreign{"database of something else moved aside, starting a fresh one",
    "c9dc3cb20f524750bd0192d3e393b298"};
inline constexpr Event journal_gone{"journal was deleted or replaced while open, copying it back out",
    "193da32adc8449bea6c23942daac2f9b"};
inline constexpr Event journal_salvaged{"salvage finished", "2096409b0dbf4744aa1daeb72266035c"};
inline constexpr Event journal_loss{"the journal is not what was written", "21433d43e17e4b658ef6a4c7b829e766"};
inline constexpr Event disk_filling{"disk of the journal fills up", "9db6d597fcb0417a8186eac307810dd9"};
inline constexpr Event disk_nearly_full{"disk of the journal is nearly full", "0f02a0627e2042cebd1ca5ef70ed0542"};
inline constexpr Event disk_worn{"the disk is worn", "f794f701ae8646bf8694cad6e66ac4f8"};

// Configuration, certificate, prompts
inline constexpr Event config_reloaded{"configuration reloaded", "4dfd1b36bd064e08aa3b03781b7a540c"};
inline constexpr Event config_refused{"configuration refused, the old one stays in force", "770a05525fe940fa82ce59eb11ef26a5"};
inline constexpr Event key_needs_restart{"changed key needs a restart", "e743d4bde2ac4a6295f867ee7d5410a8"};
inline constexpr Event certificate_refused{"certificate refused", "7b834bbd39de400490471b5dd427b098"};
inline constexpr Event certificate_kept{"certificate refused, the old one stays in force", "b99fe99d4fce4e95945d9c68710f25d4"};
inline constexpr Event certificate_expired{"certificate out of date, Twilio will refuse it and send callers to the fallback",
    "775626792f284c168d00f09bdbfe7554"};
inline constexpr Event certificate_expires_soon{"certificate expires soon", "eac480c730364e55ae93940b7c472e11"};
inline constexpr Event prompts_none{"no prompts, start refused; --allow-no-prompts starts and sends every call to a person",
    "c0a8314ca18a4601ae6571196a4fbae9"};
inline constexpr Event prompts_missing{"prompts missing, every call goes to a person", "74ff5a3ad97b433b9a69df9c94da5237"};

// Rungs and line
inline constexpr Event rung_down{"a rung does not serve, calls use the next", "1d4693fee0be41fcbd5f8016f9067cbd"};
inline constexpr Event rung_back{"a rung serves again", "7a452a38f3874e168053727501fb6844"};
inline constexpr Event uplink_down{"the box's line carries no talk, calls go to recorded prompts and people",
    "673a6ff256df490395f02e5440a2596b"};
inline constexpr Event uplink_back{"the box's line carries talk again", "6e10fcbc91b74db8ac5cc01940f85b38"};

// Agency's database and CAD
inline constexpr Event sync_behind{"the sink does not take what the journal has", "de9d1ca6fc9f4f30835e4062087fe887"};
inline constexpr Event sync_not_allowed{"the sink does not take what the journal has", "62f2eacf3aa44a0d9902219f19f4c6da"};
inline constexpr Event sync_late{"the sink lacks what is older than an hour", "ced86418fdd24ab5ab5a06e24634fa57"};
inline constexpr Event sync_back{"the sink takes rows again", "ab73ed72231d4864af9ea68c76840105"};
inline constexpr Event sync_refused{"a document is refused and put aside", "18a33bc4a287495f95124fc3d2304f6f"};
inline constexpr Event dispatch_undeliverable{"the CAD will not take a dispatch: somebody has to",
    "f5249c46603e4910bd957fbfd94a4718"};

// Calls
inline constexpr Event call_to_person{"call sent to a person at once", "5d5635ba8d4642e6868bacd7a3c5b844"};

// Clock and test call
inline constexpr Event clock_not_set{"the clock is not set", "e3552b149f6d43f6801782f73a0df679"};
inline constexpr Event clock_set{"the clock is set", "240cf5d3b63946f5bb2ae00c7ab7e647"};
inline constexpr Event clock_stepped{"the clock was stepped", "fda51541f03a4487a94a13298df4e19b"};
inline constexpr Event selftest_failed{"the test call failed", "dc4bdfed9f884bcfb1d8c66d03aaed70"};
inline constexpr Event selftest_good{"the test call is good again", "bea79f5a4f384cd8888ccc7496ca05c8"};

// Every one, for the test that compares them with the catalog.
inline constexpr std::array k_all{
    &ready, &draining, &stopped, &ended_unclean, &calls_interrupted, &safe_mode, &media_silent, &journal_refused,
    &journal_trouble, &journal_io, &journal_read_only, &journal_full, &journal_emergency, &journal_recovered,
    &journal_damaged, &journal_newer, &journal_foreign, &journal_gone, &journal_salvaged, &journal_loss,
    &disk_filling, &disk_nearly_full, &disk_worn, &config_reloaded, &config_refused, &key_needs_restart,
    &certificate_refused, &certificate_kept, &certificate_expired, &certificate_expires_soon, &prompts_none,
    &prompts_missing, &rung_down, &rung_back, &uplink_down, &uplink_back, &sync_behind, &sync_not_allowed, &sync_late,
    &sync_back, &sync_refused, &dispatch_undeliverable, &call_to_person, &clock_not_set, &clock_set, &clock_stepped,
    &selftest_failed, &selftest_good,
};

}  // namespace holdfast::log::events
