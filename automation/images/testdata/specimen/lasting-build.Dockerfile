FROM scratch
COPY specimen /specimen
# It serves until the build is stopped.
RUN ["/specimen", "lasting-build"]
