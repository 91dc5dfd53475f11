geode_library(sim
  SOURCES cluster.cc fault_executor.cc graph_diff.cc graph_driver.cc inspection.cc knobs.cc
          load_driver.cc register_driver.cc run_result.cc runner.cc schedule.cc schedule_draw.cc
          schedule_json.cc sweep.cc workload_driver.cc
  HEADERS cluster.h fault_executor.h graph_diff.h inspection.h knobs.h register_driver.h
          run_result.h runner.h schedule.h sweep.h workload_driver.h
  LINKS geode_sim_world geode_workloads geode_node geode_node_client geode_check geode_graph
  PRIVATE_LINKS nlohmann_json::nlohmann_json)
