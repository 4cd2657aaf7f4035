import { addImage, allImages, deleteImage, presentImage } from "../images.ts";
import { LIMITS } from "../limits.ts";
import { bodyBytes, Refused } from "../message.ts";
import { idIn } from "../routes.ts";
import { API, type Call, MANAGE, READ, type RestRoute } from "./route.ts";

/** The owner that a query names; undefined where it names none. Throws Refused (400). */
function ownerIn(query: URLSearchParams): string | undefined {
  const owner = query.get("owner") ?? undefined;
  if (owner !== undefined && !/^\P{Cc}{0,200}$/u.test(owner))
    throw new Refused(400, "owner: expected at most 200 characters of one line, found another text");
  return owner;
}

function publishImage({ context, request, actor, query }: Call): unknown {
  const bytes = bodyBytes(request);
  if (bytes.length > LIMITS.imageBytes)
    throw new Refused(413, `image: expected at most ${LIMITS.imageBytes} bytes, found ${bytes.length}`);
  return addImage(context, bytes, actor, ownerIn(query));
}

export const IMAGE_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: `${API}/images`,
    roles: READ,
    summary: "All images",
    gives: "Images",
    status: 200,
    answer: ({ context }) => ({ images: allImages(context) }),
  },
  {
    method: "POST",
    path: `${API}/images`,
    roles: MANAGE,
    summary: "Publish an image; the same one again is the same one, and mends its file",
    query: ["owner"],
    takes: "image",
    gives: "Image",
    status: 200,
    answer: publishImage,
  },
  {
    method: "GET",
    path: `${API}/images/{image}`,
    roles: READ,
    summary: "One image",
    gives: "Image",
    status: 200,
    answer: ({ context, parameters }) => presentImage(context, idIn(parameters, "image")),
  },
  {
    method: "DELETE",
    path: `${API}/images/{image}`,
    roles: MANAGE,
    summary: "Delete an image that no rollout brings to devices",
    status: 204,
    answer: ({ context, parameters, actor }) => deleteImage(context, idIn(parameters, "image"), actor),
  },
];
