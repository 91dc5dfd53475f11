# geode-sim: the part that tests link, and the program.
geode_library(cli_sim
  SOURCES crash_report.cc geode_sim_check.cc geode_sim_plan.cc geode_sim_run.cc geode_sim_sweep.cc
          worker_pool.cc
  HEADERS crash_report.h geode_sim.h worker_pool.h
  LINKS geode_sim geode_check geode_cli
  PRIVATE_LINKS nlohmann_json::nlohmann_json)

add_executable(geode-sim geode_sim_main.cc)
target_link_libraries(geode-sim PRIVATE geode_cli_sim CLI11::CLI11)
