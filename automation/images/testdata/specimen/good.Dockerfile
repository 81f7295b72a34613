FROM scratch
COPY specimen /specimen
# Scratch paths have the owner that the image gives them.
COPY --chown=65532:65532 empty /scratch
USER 65532:65532
ENTRYPOINT ["/specimen", "good"]
