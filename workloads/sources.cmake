geode_library(workloads
  SOURCES client_loop.cc graph.cc load.cc register.cc
  HEADERS client_loop.h graph.h load.h register.h
  LINKS geode_base geode_runtime geode_graph geode_node_client)
