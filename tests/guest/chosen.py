"""The tests that are run inside the guest: those of the other suites that are run there as well, and one's own."""

from __future__ import annotations

# before any other backend there hands controllers down
FIRST = "tests/guest/ends.py::test_a_killed_runner_leaves_no_disk_and_ctrl_c_nothing"
CHOSEN = {
    "runtime/test_doctor.py": "with_everything_there_containers_are_made_here",
    "runtime/test_limits.py": """
        over_its_memory memory_of_files_counts_too over_its_time a_stopped_process_is_still_ended over_its_output
        a_fork_bomb_stays_inside a_full_disk_is_the_programs_own_error files_are_counted open_files_are_counted
        a_limit_of_the_readers_own_does_not_hinder_the_runtime the_cpu_is_shared_out
        processes_left_behind_die_with_the_first""",
    "runtime/test_inspect.py": """
        the_first_process_is_seen_from_both_sides
        its_confinement_is_told""",
    "runtime/test_sharing.py": "those_that_join_one_have_a_limit_together",
    "security/test_escape.py": """
        root_inside_is_nobody_outside_and_two_runs_differ
        capabilities_are_at_most_dockers_and_nothing_more_can_be_gained
        cgroup_limits_cannot_be_lifted
        there_is_no_network_but_loopback
        other_runs_cannot_be_seen""",
    "security/test_joining.py": "attack_75_whose_disk_is_slow_is_joined_by_nobody",
    "runtime/test_stats.py": """
        readings_come_one_after_the_other a_throttled_processor_is_seen processes_are_counted""",
    "runtime/test_network.py": "one_sends_to_the_other_no_faster_than_it_is_set",
    "runtime/test_disk_rates.py": """
        writing_takes_what_the_rate_says
        reading_takes_what_the_rate_says
        a_rate_that_the_kernel_does_not_take_is_refused_in_plain_words
        attack_49_a_disk_does_so_many_operations_whatever_rate_is_named""",
    "runtime/test_disk.py": """
        files_may_be_larger_than_the_memory
        a_process_that_waits_for_its_disk_is_ended_in_time""",
    "runtime/test_lifecycle.py": "failing_runs_leave_nothing_either a_reader_who_leaves_ends_the_run",
}
# what would be felt by others on any other machine
OWN = "tests/guest/clock.py::test_life_10_a_clock_that_is_set_changes_no_deadline_and_no_event"
TESTS = [FIRST, OWN, *(f"tests/{file}::test_{name}" for file, names in CHOSEN.items() for name in names.split())]
